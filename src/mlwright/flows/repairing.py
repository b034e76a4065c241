"""Tables repaired by the spec's steps: recorded, found again, undone, and what was set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError
from mlwright.core.ids import short
from mlwright.core.records import dump, load
from mlwright.data.repair.carry import repair
from mlwright.data.repair.records import Repaired
from mlwright.data.repair.undo import touched_by
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.records import Link
from mlwright.ledger.records import Event, NewEvent

REPAIRED = "data.repaired"


def record_repair(workspace: Workspace, repaired: Repaired, run: str | None) -> None:
    """Record a repair, once for each repaired version and each way it was come by.

    The log holds counts; the steps, which may name values, stand in the object of the record.
    """
    record = workspace.store.put(dump(repaired))
    if any(event.facts["record"] == record for event in _events(repaired.snapshot.id, workspace)):
        return
    snapshot = repaired.snapshot
    manifest = workspace.store.put(dump(snapshot))
    facts = {
        "digest": snapshot.digest,
        "manifest": manifest,
        "rows": snapshot.rows,
        "columns": len(snapshot.columns),
        "row_ids": f"column {snapshot.key}"
        if snapshot.key
        else "those of the table it was made of",
        "raw": repaired.raw,
        "record": record,
        "run": run,
        "steps": len(repaired.steps),
        "cells_changed": repaired.cells,
        "rows_taken_out": repaired.taken_out,
    }
    touched = [touch.before for touch in repaired.touches if touch.before is not None]
    fragments = [name for fragment in snapshot.fragments for name in fragment.objects]
    objects = tuple(dict.fromkeys((record, manifest, *touched, *fragments)))
    uses = (repaired.raw,) if repaired.raw != snapshot.id else ()
    workspace.ledger.append([NewEvent(REPAIRED, snapshot.id, facts, uses=uses, objects=objects)])


def repairs_of(identifier: str, workspace: Workspace) -> tuple[Repaired, ...]:
    """Return every repair that made a data version, oldest first; none of one as it was read."""
    return tuple(_record(event, workspace) for event in _events(identifier, workspace))


def repair_of(identifier: str, workspace: Workspace) -> Repaired:
    """Return the newest repair that made a data version.

    Raises
    ------
    NotFoundError
        ``repair-unknown`` for a version that no repair made.
    """
    found = repairs_of(identifier, workspace)
    if found:
        return found[-1]
    made = [
        e.subject for e in workspace.ledger.events(kind=REPAIRED) if e.facts["raw"] == identifier
    ]
    hint = f"; it was repaired to {', '.join(map(short, made[-3:]))}" if made else ""
    raise NotFoundError(
        "repair-unknown",
        f"no repair made {identifier}{hint}",
        fix=f"name the repaired version: {made[-1]}" if made else "mlw data ls lists the versions",
        facts={"data": identifier, "repaired": made},
        looked=["the repairs in this project's ledger"],
    )


def links_of_repairs(row: str, workspace: Workspace) -> tuple[Link, ...]:
    """Return what steps did to a row: of each repaired version, which cells they changed."""
    links = []
    for event in workspace.ledger.events(kind=REPAIRED):
        repaired = _record(event, workspace)
        for touched in touched_by(repaired, workspace.store, row):
            what = (
                f"taken out of training: {touched.reason}"
                if touched.column is None
                else f"{touched.column} held {touched.before}"
            )
            facts = {"step": touched.step, "column": touched.column, "before": touched.before}
            links.append(
                Link("repaired by", "data", repaired.snapshot.id, f"{touched.step}: {what}", facts)
            )
    return tuple(links)


def repaired_again(repaired: Repaired, workspace: Workspace) -> Repaired:
    """Carry the steps of a repair out again, on the same table; the record is as it was.

    Raises
    ------
    MlwrightError
        What is wrong with the table or its steps.
    """
    raw = snapshot_of(repaired.raw, workspace)
    return repair(raw, repaired.rule, repaired.split, workspace.store)


def raw_versions(identifier: str, workspace: Workspace) -> tuple[str, ...]:
    """Return the data versions that a repaired one was made from."""
    return tuple(dict.fromkeys(str(e.facts["raw"]) for e in _events(identifier, workspace)))


def _events(identifier: str, workspace: Workspace) -> Iterator[Event]:
    return workspace.ledger.events(kind=REPAIRED, subject=identifier)


def _record(event: Event, workspace: Workspace) -> Repaired:
    return load(Repaired, workspace.store.get(Digest(cast("str", event.facts["record"]))))
