"""The events of a tracked run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mlwright.core.digest import Digest
from mlwright.ledger.records import NewEvent
from mlwright.ledger.run_tables import NOTED, POINTS, STARTED
from mlwright.run.points import Batch, batch_facts

COMMAND = "track"
KEPT = "file.kept"

Put = Callable[[bytes], Digest]


def started_event(
    run: str,
    facts: Mapping[str, object],
    objects: Iterable[Digest],
    uses: tuple[str, ...],
) -> NewEvent:
    """Return the event that a tracked run starts."""
    return NewEvent(STARTED, run, {"command": COMMAND, "inputs": {}, **facts}, uses, tuple(objects))


def points_event(run: str, batch: Batch, put: Put) -> NewEvent | None:
    """Return the event of a batch of points, its object kept with ``put``; None of no points."""
    if not batch:
        return None
    facts, raw = batch_facts(batch)
    if raw is None:
        return NewEvent(POINTS, run, facts)
    digest = put(raw)
    return NewEvent(POINTS, run, {**facts, "object": digest}, objects=(digest,))


def noted_event(run: str, facts: Mapping[str, object]) -> NewEvent:
    """Return the event of what is said of a run: ``params``, ``tags`` or a ``note``."""
    return NewEvent(NOTED, run, facts)


def kept_event(
    run: str, *, name: str, media: str, size: int, digest: Digest, step: int | None
) -> NewEvent:
    """Return the event that a run kept a file."""
    facts = {"name": name, "media": media, "size": size, "object": digest, "step": step}
    return NewEvent(KEPT, run, facts, objects=(digest,))


def ended_event(run: str, status: str, batch: Batch, facts: Mapping[str, object]) -> NewEvent:
    """Return the event that a run ended; the few points of a batch stand in it."""
    told, raw = batch_facts(batch) if batch else ({}, None)
    assert raw is None, "many points are an event of their own"
    return NewEvent(f"run.{status}", run, {"status": status, **facts, **told})
