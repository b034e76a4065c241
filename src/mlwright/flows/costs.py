"""What a run and its model cost: measured beside the steps, recorded as events, read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mlwright.flows.workspace import Workspace
from mlwright.govern.cost import Cost, Kept, in_use
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.records import ModelVersion
from mlwright.run.energy import Meter
from mlwright.run.records import Usage
from mlwright.run.usage import CORE_WATTS, MEMORY_WATTS, between, joules, processor, usage
from mlwright.scoring.records import Latency, ModelPackage

USED = "run.measured"
TIMED = "model.timed"


def used_event(run: str, began: Usage, meter: Meter, workspace: Workspace) -> NewEvent:
    """Return the event of what a run used since a reading; no step sees it."""
    used = between(began, usage(workspace.seam))
    measured = meter.joules()
    facts = {
        "wall_seconds": used.wall_seconds,
        "cpu_seconds": used.cpu_seconds,
        "peak_bytes": used.peak_bytes,
        "joules": joules(used) if measured is None else measured,
        "meter": meter.name,
        "core_watts": CORE_WATTS,
        "memory_watts_per_gigabyte": MEMORY_WATTS,
        "processor": processor(),
    }
    return NewEvent(USED, run, facts)


def timed_event(model: str, timed: Latency) -> NewEvent:
    """Return the event of how long a row took the process that judged a model."""
    return NewEvent(TIMED, model, {"rows": timed.rows, "p50": timed.p50, "p99": timed.p99})


def cost_of(version: ModelVersion, package: ModelPackage, workspace: Workspace) -> Cost:
    """Return what a version and the run that made it cost, as far as that was measured."""
    events = list(workspace.ledger.events(subject=version.run))
    used = next((e.facts for e in events if e.kind == USED), None)
    newest = workspace.ledger.events(kind=TIMED, subject=version.model, newest_first=True, limit=1)
    timed = next((event.facts for event in newest), None)
    predictor = len(workspace.store.get(package.predictor))
    return Cost(
        wall_seconds=_number(used, "wall_seconds"),
        cpu_seconds=_number(used, "cpu_seconds"),
        peak_bytes=_number(used, "peak_bytes"),
        joules=_number(used, "joules"),
        core_watts=_number(used, "core_watts"),
        processor=None if used is None else str(used["processor"]),
        meter=None if used is None or used.get("meter") is None else str(used["meter"]),
        kept=tuple(_kept(events, workspace)),
        predictor_bytes=predictor,
        package_bytes=predictor + len(workspace.store.get(version.package)),
        row_seconds=_number(timed, "p50"),
        slow_row_seconds=_number(timed, "p99"),
    )


def used_in_words(events: Sequence[Event]) -> str | None:
    """Return what a run used, from its events; None where it was not measured."""
    used = next((event.facts for event in events if event.kind == USED), None)
    return None if used is None else in_use(*(_number(used, name) or 0.0 for name in _IN_USE))


_IN_USE = ("wall_seconds", "cpu_seconds", "peak_bytes", "joules")


def _number(facts: Mapping[str, object] | None, name: str) -> float | None:
    return None if facts is None else float(cast("float", facts[name]))


def _kept(events: list[Event], workspace: Workspace) -> list[Kept]:
    """Return the steps whose outputs an earlier run had made, and how long they took there."""
    found = []
    for event in events:
        if event.kind != "step.finished" or not event.facts["cached"]:
            continue
        step, made_by = str(event.facts["step"]), str(event.facts["made_by"])
        made = [
            cast("float", each.facts["seconds"])
            for each in workspace.ledger.events(kind="step.finished", subject=made_by)
            if each.facts["step"] == step and not each.facts["cached"]
        ]
        found.append(Kept(step, made_by, made[0] if made else None))
    return found
