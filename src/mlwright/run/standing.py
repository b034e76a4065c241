"""The steps of a run as they stand: finished, failed, or still to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlwright.core.digest import Digest
from mlwright.core.records import load
from mlwright.ledger.ledger import Ledger
from mlwright.run.history import run_record
from mlwright.run.recorded import RunShape, StepRecord, StepStanding
from mlwright.run.records import Planned, Shape
from mlwright.store.protocol import Store

_OPEN = "open"


def run_shape(run: str, ledger: Ledger, store: Store) -> RunShape:
    """Return the steps of a run: those it was to have, where it said so, and those it finished.

    Raises
    ------
    NotFoundError
        ``run-unknown``.
    """
    record = run_record(ledger, run)
    events = list(ledger.events(subject=record.id))
    said = events[0].facts.get("shape")
    planned = load(Shape, store.get(Digest(str(said)))) if said else Shape("", ())
    finished = {step.step: step for step in record.steps}
    failed = {e.facts.get("step") for e in events if e.kind in ("run.failed", "run.interrupted")}
    steps = [
        _finished(finished.pop(each.step), each)
        if each.step in finished
        else _unfinished(each, record.status, failed)
        for each in planned.steps
    ]
    steps += [_finished(each, None) for each in finished.values()]
    return RunShape(record.id, planned.name, record.status, tuple(steps))


def _finished(step: StepRecord, planned: Planned | None) -> StepStanding:
    inputs: Mapping[str, Any] = {} if planned is None else planned.inputs
    return StepStanding(
        step=step.step,
        function=step.function,
        state="kept" if step.cached else "done",
        edges=step.edges,
        inputs={name: each for name, each in inputs.items() if name in step.objects},
        seconds=step.seconds,
        output=step.output,
        made_by=step.made_by,
    )


def _unfinished(planned: Planned, status: str, failed: set[object]) -> StepStanding:
    state = _OPEN if status == _OPEN else "not reached"
    return StepStanding(
        step=planned.step,
        function=planned.function,
        state="failed" if planned.step in failed else state,
        edges=planned.edges,
        inputs=planned.inputs,
        seconds=None,
        output=None,
        made_by=None,
    )
