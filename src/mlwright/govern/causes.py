"""Name why a step gave something else, from what was seen of it and what was tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mlwright.govern.records import Cause, Difference
from mlwright.run.replaying.records import Diagnosis, Replayed
from mlwright.run.watching import giveaways
from mlwright.run.watching.records import Sighting

_SHOWN = 3
_SAYS = {
    giveaways.CLOCK: "reads the clock ({what})",
    giveaways.CHANCE: "draws random numbers nobody seeded ({what})",
    giveaways.FILE: "reads {what}, which is none of the inputs",
    giveaways.FOLDER: "lists {what}, which is none of the inputs",
    giveaways.NETWORK: "asks {what} over the network",
    giveaways.PROGRAM: "starts another program ({what})",
    giveaways.VARIABLE: "reads the environment variable {what}",
    giveaways.MACHINE: "asks what process or machine it runs on ({what})",
    giveaways.ADDRESS: "uses the address of an object ({what})",
    giveaways.THREADS: "starts threads, whose order is chance",
}
_REMEDY = {
    giveaways.CLOCK: "give the time as an input",
    giveaways.CHANCE: "make the generator with a seed, such as ctx.seed",
    giveaways.FILE: "give the file's content as an input, or ingest it as data",
    giveaways.FOLDER: "give the list as an input",
    giveaways.NETWORK: "fetch it before, and give what came as an input",
    giveaways.PROGRAM: "give what the program says as an input",
    giveaways.VARIABLE: "give it as a setting of the run",
    giveaways.MACHINE: "give it as an input",
    giveaways.HASH: "sort what comes from a set",
    giveaways.ADDRESS: "go by the object's content",
    giveaways.THREADS: "put results in order before they are added up",
}
_STANDING = (
    *(giveaways.FILE, giveaways.FOLDER, giveaways.NETWORK, giveaways.PROGRAM),
    *(giveaways.VARIABLE, giveaways.MACHINE, giveaways.CLOCK),
)
"""What can be another now and yet the same twice, the likeliest first."""

_MOODY = (
    *(giveaways.NETWORK, giveaways.CLOCK, giveaways.PROGRAM, giveaways.FILE, giveaways.FOLDER),
    *(giveaways.MACHINE, giveaways.ADDRESS, giveaways.THREADS),
)
"""What can be another each time though no generator is, the likeliest first."""

_EACH_TIME = " and gets another value each time"
_AT_IMPORT = " while its module is imported"

Changed = Callable[[Sighting], bool]


def cause_of(
    replayed: Replayed,
    diagnosis: Diagnosis | None,
    differences: Sequence[Difference],
    changed: Changed,
) -> Cause:
    """Return the likely cause of a step's giving something else.

    Parameters
    ----------
    diagnosis
        What executing it once more showed; None for a step that was fed something else.
    differences
        How the environment differs, as far as the step can tell.
    changed
        Tells of a file whether it was written to since the run.
    """
    if replayed.error is not None:
        return _of_error(replayed.error, diagnosis)
    if diagnosis is None:
        return _of_code(replayed) or _of_environment(differences) or _UNKNOWN
    values = _of_import(replayed, diagnosis)
    if values is not None:
        return values
    code = _of_code(replayed)
    if diagnosis.steady is False:
        mood = _of_mood(diagnosis)
        also = f"; besides, {code.sentence}" if code is not None else ""
        return replace(mood, sentence=mood.sentence + also)
    return code or _of_standing(diagnosis, differences, changed)


_UNKNOWN = Cause(
    "unknown",
    "neither code nor environment changed, and the same comes out twice: it depends on something "
    "outside its inputs that nobody saw",
)


def _of_error(error: str, diagnosis: Diagnosis | None) -> Cause:
    kinds = (giveaways.NETWORK, giveaways.FILE, giveaways.FOLDER, giveaways.PROGRAM)
    seen = () if diagnosis is None else _first(_own(diagnosis), (*kinds, giveaways.VARIABLE))
    if not seen:
        library = error.startswith(("ModuleNotFoundError", "ImportError"))
        return Cause("library" if library else "error", error)
    return Cause(seen[0].kind, f"{error}; {_told(seen)}", seen)


def _of_code(replayed: Replayed) -> Cause | None:
    if not replayed.changed:
        return None
    more = len(replayed.changed) - _SHOWN
    names = ", ".join(replayed.changed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return Cause("code", f"the code of {names} changed")


def _of_import(replayed: Replayed, diagnosis: Diagnosis) -> Cause | None:
    """Return what made a module's value another one: it was read while the module was imported."""
    values = [name for name in replayed.changed if _is_value(name)]
    seen = tuple(each for each in diagnosis.seen if each.at_import and not each.through)
    if not values or len(values) != len(replayed.changed) or not seen:
        return None
    chosen = _first(seen, (giveaways.CHANCE, *_STANDING))
    if not chosen:
        return None
    sentence = f"{', '.join(values[:_SHOWN])} is another: {_told(chosen, _AT_IMPORT)}"
    return Cause(chosen[0].kind, sentence, chosen)


def _is_value(part: str) -> bool:
    name = part.partition("#")[0]
    return not part.startswith("mlwright") and not name.endswith("()") and " " not in name


def _of_environment(differences: Sequence[Difference]) -> Cause | None:
    if not differences:
        return None
    kind = "library" if any(each.kind == "library" for each in differences) else "environment"
    more = len(differences) - _SHOWN
    told = "; ".join(map(str, differences[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
    return Cause(kind, told)


def _of_mood(diagnosis: Diagnosis) -> Cause:
    """Return the cause of giving something else each time."""
    own = _own(diagnosis)
    if diagnosis.by_process:
        return _of_process(diagnosis)
    chance = tuple(each for each in own if each.kind == giveaways.CHANCE)
    only = all(each.kind == giveaways.CHANCE for each in own)
    if diagnosis.by_chance or (diagnosis.by_chance is None and chance and only):
        chance = chance or tuple(s for s in diagnosis.seen if s.kind == giveaways.CHANCE)
        if chance:
            return Cause(giveaways.CHANCE, _told(chance, _EACH_TIME), chance)
        why = "something random that nobody seeded, in code that does not show"
        return Cause(giveaways.CHANCE, f"it gives another value each time: {why}")
    seen = _first(own, _MOODY) or _first(diagnosis.seen, (giveaways.CLOCK, giveaways.NETWORK))
    if seen:
        also = f"; {_told(chance)}" if chance else ""
        return Cause(seen[0].kind, _told(seen, _EACH_TIME) + also, seen + chance)
    if chance:
        return Cause(giveaways.CHANCE, _told(chance, _EACH_TIME), chance)
    return Cause(
        "unsteady",
        "it gives another value each time, and nothing was seen that could be why: threads of a "
        "library that end in another order, or a clock or generator in compiled code",
    )


def _of_process(diagnosis: Diagnosis) -> Cause:
    """Return the cause of giving something else in each process."""
    own = _own(diagnosis)
    if diagnosis.by_hash:
        seen = diagnosis.sets + tuple(each for each in own if each.kind == giveaways.HASH)
        where = f" ({_where(seen)})" if seen else ""
        why = f"the order of a set, or the hash of a text, which is another in each process{where}"
        return Cause(giveaways.HASH, f"it hangs on {why}; {_REMEDY[giveaways.HASH]}", seen)
    seen = _first(own, (giveaways.MACHINE, giveaways.ADDRESS, *_MOODY))
    if seen:
        return Cause(seen[0].kind, _told(seen, " and gets another value in each process"), seen)
    return Cause(
        "unsteady",
        "it gives another value in each process: the address of an object, or something made "
        "when a module was imported",
    )


def _of_standing(
    diagnosis: Diagnosis, differences: Sequence[Difference], changed: Changed
) -> Cause:
    """Return the cause of giving the same twice now, and something else then."""
    own = _own(diagnosis)
    written = tuple(each for each in own if each.kind == giveaways.FILE and changed(each))
    if written:
        return Cause(giveaways.FILE, _told(written, " and changed since the run"), written)
    found = _of_environment(differences)
    seen = _first(own, _STANDING)
    if found is not None:
        also = f"; besides, {_told(seen)}" if seen else ""
        return Cause(found.kind, f"{found.sentence}{also}", seen)
    if seen:
        return Cause(seen[0].kind, _told(seen), seen)
    chance = _first(own, (giveaways.CHANCE, giveaways.ADDRESS, giveaways.THREADS))
    return Cause(chance[0].kind, _told(chance), chance) if chance else _UNKNOWN


def _own(diagnosis: Diagnosis) -> tuple[Sighting, ...]:
    """Return what lines of the user's asked for themselves, within a function."""
    return tuple(each for each in diagnosis.seen if not each.through and not each.at_import)


def _first(seen: Sequence[Sighting], kinds: Sequence[str]) -> tuple[Sighting, ...]:
    """Return what was seen of the first kind that was seen at all."""
    for kind in kinds:
        found = tuple(each for each in seen if each.kind == kind)
        if found:
            return found
    return ()


def _told(seen: Sequence[Sighting], when: str = "") -> str:
    """Return which lines do what, when that is another value, and what would mend it."""
    first = seen[0]
    by = f" through {first.through}" if first.through else ""
    says = _SAYS[first.kind].format(what=first.what)
    remedy = "" if first.through else f"; {_REMEDY[first.kind]}"
    return f"{_where(seen)} {says}{by}{when}{remedy}"


def _where(seen: Sequence[Sighting]) -> str:
    places = list(dict.fromkeys(f"{each.file}:{each.line}" for each in seen))
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
