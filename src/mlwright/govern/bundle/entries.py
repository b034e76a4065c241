"""What of the log is about one model version, and what the objects are that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlwright.core.digest import Digest
from mlwright.core.ids import Noun, noun_of
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event
from mlwright.registry.records import ModelVersion
from mlwright.run.artefacts import CONTAINER
from mlwright.run.environments.wheels import KEPT

BUNDLED = "bundle.made"
"""That a version was handed over; no part of what is handed over next time."""

_FOLLOWED = (Noun.DATA, Noun.RUN, Noun.CHECK)
# These name a run that did the same again: what was asked about then is not what is handed over.
_NOT_FOLLOWED = ("check.judged", "proof.made", "test.looked")
_REGISTERED, _STARTED, _STEP, _PLAN = (
    "model.registered",
    "run.started",
    "step.finished",
    "plan.made",
)


def entries_about(ledger: Ledger, version: ModelVersion, size: int | None = None) -> list[Event]:
    """Return the entries that tell how a version came to be, was judged, proved and moved.

    The model's own, those of the runs that made and examined it, of the data they took and what
    that was made from, of its checks, and every move of its endpoint. Entries about predictions,
    labels and other models are left out.

    Parameters
    ----------
    size
        Only entries before it count.
    """
    end = ledger.size if size is None else size
    chosen: dict[int, Event] = {}
    waiting, seen = [version.model], {version.model}
    while waiting:
        for event in ledger.events(subject=waiting.pop()):
            if event.sequence >= end or not _belongs(event, version):
                continue
            chosen[event.sequence] = event
            if event.kind in _NOT_FOLLOWED:
                continue
            more = [u for u in event.uses if noun_of(u) in _FOLLOWED and u not in seen]
            waiting += more
            seen.update(more)
    for event in ledger.events(kind="role.changed"):
        if event.sequence < end and event.facts["endpoint"] == version.name:
            chosen[event.sequence] = event
    found = [chosen[sequence] for sequence in sorted(chosen)]
    used = {d for event in found if event.kind == _STARTED for d in event.objects}
    # Of the plans that were made for the same data only those that were carried out.
    return [e for e in found if e.kind != _PLAN or used.issuperset(e.objects)]


def _belongs(event: Event, version: ModelVersion) -> bool:
    if event.kind == BUNDLED:
        return False
    if event.kind == _REGISTERED:
        return (event.facts["name"], event.facts["version"]) == (version.name, version.number)
    return event.facts.get("ref", version.ref) == version.ref or event.kind == "role.changed"


def told_objects(events: Sequence[Event]) -> dict[Digest, str]:
    """Return what each object is that the entries name."""
    found: dict[Digest, str] = {}
    for digest, what in (pair for event in events for pair in _named(event)):
        found.setdefault(digest, what)
    for event in events:
        for digest in event.objects:
            found.setdefault(digest, f"named by {event.kind} {event.id}")
    return {digest: found[digest] for event in events for digest in event.objects}


def _named(event: Event) -> Iterator[tuple[Digest, str]]:
    facts = event.facts
    if event.kind == _STEP:
        step = facts["step"]
        yield Digest(str(facts["output"])), f"what step {step} gave"
        yield Digest(str(facts["terms"])), f"the terms of the key of step {step}"
        yield from _several(facts.get("parts"), f"a part of what step {step} gave")
        if facts.get("log") is not None:
            yield Digest(str(facts["log"])), f"what step {step} printed"
        if facts["sources"] is not None:
            yield Digest(str(facts["sources"])), "the modules of the maker's own"
    elif event.kind == _STARTED:
        for name in ("spec", "environment", "code"):
            yield Digest(str(facts[name])), f"the {name} of the run"
        inputs = facts["inputs"]
        if isinstance(inputs, Mapping):
            yield from ((Digest(d), f"{n}, an input of the run") for n, d in inputs.items())
    elif event.kind == KEPT:
        yield Digest(str(facts["wheels"])), "the list of the wheels that were kept"
        rest = (digest for digest in event.objects if digest != facts["wheels"])
        yield from _several(rest, "a wheel, or a snapshot of a project, of the environment")
    elif noun_of(event.subject) is Noun.DATA and "manifest" in facts:
        yield Digest(str(facts["manifest"])), f"the manifest of {event.subject}"
        rest = (digest for digest in event.objects if digest != facts["manifest"])
        yield from _several(rest, f"rows of {event.subject}")


def _several(digests: object, what: str) -> Iterator[tuple[Digest, str]]:
    if isinstance(digests, Iterable):
        yield from ((Digest(str(digest)), what) for digest in digests)


def rows_named(events: Sequence[Event]) -> set[Digest]:
    """Return the objects that hold rows: cells, ids, what was answered to each, what was printed.

    A value that passes from step to step as a container holds arrays or tables.
    """
    found: set[Digest] = set()
    for event in events:
        facts = event.facts
        if noun_of(event.subject) is Noun.DATA and "manifest" in facts:
            found.update(set(event.objects) - {Digest(str(facts["manifest"]))})
        elif event.kind == _STEP:
            found.update(_rows_of_step(facts))
    return found


def _rows_of_step(facts: Mapping[str, Any]) -> Iterator[Digest]:
    if facts["kind"] == CONTAINER:
        yield Digest(facts["output"])
    for name, kind in facts["kinds"].items():
        if kind == CONTAINER:
            yield Digest(facts["objects"][name])
    if facts["step"] == "repaired":
        yield from map(Digest, facts["parts"])
    if facts.get("log") is not None:
        yield Digest(facts["log"])
