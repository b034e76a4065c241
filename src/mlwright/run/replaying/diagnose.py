"""The fresh process of a diagnosis: execute a step that differs again, watched, and try causes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.digest import Digest
from mlwright.core.records import dump, load
from mlwright.run.artefacts import pack
from mlwright.run.code.sources import Sources
from mlwright.run.recorded import StepRecord
from mlwright.run.records import KeyTerms
from mlwright.run.replaying.records import Diagnosis
from mlwright.run.replaying.reexecute import answering, prepared, resources_of, restore_code
from mlwright.run.watching import giveaways
from mlwright.run.watching.chance import pinned
from mlwright.run.watching.elsewhere import ASKED, PINNED, sightings_in
from mlwright.run.watching.records import Sighting
from mlwright.run.watching.watch import Watch
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Query:
    """What the process is asked: steps to execute on what was recorded, and what a replay gave.

    ``only_again`` asks for no more than whether each gives the replay's content again.
    """

    store: str
    steps: tuple[StepRecord, ...]
    resources: str
    path: tuple[str, ...]
    given: Mapping[str, Digest | None]
    only_again: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the process found."""

    diagnoses: tuple[Diagnosis, ...]


def found(query: Query) -> Found:
    """Execute the steps of a query in this process."""
    base = LocalStore(Path(query.store), writable=False)
    sys.path.extend(entry for entry in query.path if entry not in sys.path)
    terms = {step.step: load(KeyTerms, base.get(step.terms)) for step in query.steps}
    with TemporaryDirectory(prefix="mlwright-watch-") as folder:
        os.environ[ASKED] = folder
        watch = Watch(_texts(query.steps, base), (base.folder, Path(folder)))
        with watch:
            restore_code(query.steps, base, terms)
        store = OverlayStore(base, MemoryStore())
        resources = resources_of(query.resources, store)
        look = _Look(query, store, resources, watch, Path(folder))
        return Found(tuple(look.at(step) for step in query.steps))


def _texts(steps: Sequence[StepRecord], store: Store) -> dict[str, str]:
    kept = [load(Sources, store.get(s.sources)).modules for s in steps if s.sources is not None]
    return {name: source.text for modules in kept for name, source in modules.items()}


_MORE = 3
"""Times a step is executed to see whether it always gives the same."""


class _Look:
    """Executes steps, as often as it takes to tell causes apart."""

    def __init__(
        self,
        query: Query,
        store: Store,
        resources: Mapping[str, object],
        watch: Watch,
        folder: Path,
    ) -> None:
        self._query = query
        self._store = store
        self._resources = resources
        self._watch = watch
        self._folder = folder
        self._at_import: tuple[Sighting, ...] = ()

    def at(self, step: StepRecord) -> Diagnosis:
        """Return what executing a step showed."""
        first = self._query.given[step.step]
        if self._query.only_again:
            same = self._executed(step) == first
            return Diagnosis(step.step, same, False, False, None, (), ())
        # Where no code is the user's, theirs can only run in a process apart.
        watched = step.sources is not None
        with self._watch if watched else nullcontext():
            again = self._executed(step)
        found = (*self._watch.taken(), *sightings_in(self._folder))
        seen = tuple(each for each in found if not each.at_import)
        # A module is imported once, and what it read then is in every step after.
        self._at_import += tuple(each for each in found if each.at_import)
        steady = None if again is None else again == first
        by_process = False
        by_chance: bool | None = None
        if steady is False or (steady and _moody(seen)):
            # One of few outcomes may come out twice though it is drawn.
            times = _MORE if _moody(seen) else 1
            same = all(self._executed(step) == again for _ in range(times))
            steady, by_process = steady and same, same and not steady
        if steady is False and not by_process and _several(seen):
            by_chance = self._by_chance(step)
        return Diagnosis(
            step=step.step,
            steady=steady,
            by_process=by_process,
            by_hash=False,
            by_chance=by_chance,
            seen=seen + self._at_import,
            sets=self._watch.sets() if watched else (),
        )

    def _executed(self, step: StepRecord) -> Digest | None:
        """Return the content a step gives, None where it raises."""
        try:
            function, arguments, given = prepared(step, self._store, self._resources, {})
            return pack(function(**arguments, **given)).content
        except Exception:  # noqa: BLE001 - the replay told what a step raises
            return None

    def _by_chance(self, step: StepRecord) -> bool:
        """Tell whether a step gives one thing alone once nothing random is left."""
        asked = self._folder / PINNED
        asked.touch()
        contents = set()
        for _ in range(_MORE):
            with pinned():
                contents.add(self._executed(step))
        asked.unlink()
        sightings_in(self._folder)
        return len(contents) == 1 and None not in contents


def _moody(seen: tuple[Sighting, ...]) -> bool:
    """Tell whether something was seen that gives another value each time."""
    kinds = {each.kind for each in seen if not each.through}
    return bool(kinds & {giveaways.CHANCE, giveaways.CLOCK, giveaways.NETWORK})


def _several(seen: tuple[Sighting, ...]) -> bool:
    """Tell whether more than chance may be the cause, or nothing was seen at all."""
    mine = {each.kind for each in seen if not each.through}
    return mine != {giveaways.CHANCE}


def main() -> None:
    """Read a query from standard input and write what was found to standard output."""
    with answering() as out:
        out.write(dump(found(load(Query, sys.stdin.buffer.read()))))
