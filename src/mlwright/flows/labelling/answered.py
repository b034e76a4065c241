"""A queue of what an endpoint answered, and the table its labels make."""

from __future__ import annotations

from datetime import date

import numpy as np

from mlwright.core.digest import Digest
from mlwright.core.records import load
from mlwright.data.labels.choosing import Foretold, pick
from mlwright.data.labels.records import Choice, Queue, QueuedRow, SettledLabel
from mlwright.data.labels.settle import PREDICTION, labelled_answers
from mlwright.data.records import Kind, Scalar, Snapshot
from mlwright.data.snapshot import build
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.recording import predictions
from mlwright.flows.workspace import Workspace
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.cast import cast_row
from mlwright.scoring.frames import frame_of
from mlwright.scoring.records import ModelPackage
from mlwright.serve.records import Filter, Prediction
from mlwright.serve.requests import rows_of

MOST = 20_000
"""How many of the newest predictions a queue is chosen from."""


def queue_of_answers(
    workspace: Workspace, endpoint: str, choice: Choice
) -> tuple[Queue, ModelVersion]:
    """Choose from the newest predictions of the version that is live: uncertain, and a control.

    No label is recorded, so none is probably wrong. The control tells how often the model is.
    """
    version = find(workspace.ledger, endpoint, prefer_live=True)
    package = load(ModelPackage, workspace.store.get(version.package))
    wanted = Filter(endpoint=version.name, ref=version.ref)
    found = sorted(predictions(workspace, wanted, MOST), key=lambda each: each.id)
    task = package.task
    answers = np.array([each.answer for each in found]).reshape(-1, max(1, len(task.classes)))
    known = Foretold(np.full(len(found), np.nan), answers, task.classes)
    before = set(choice.asked)
    asked = {place for place, each in enumerate(found) if each.id in before}
    taken = pick(known, choice, np.arange(len(found)), asked)
    kinds = {column.name: column.kind for column in snapshot_of(version.data, workspace).columns}
    columns = tuple(column.name for column in package.signature.inputs)
    rows = tuple(
        QueuedRow(
            row=found[place].id,
            origin=taken[place][0],
            recorded=None,
            expected=known.expected(place),
            worth=taken[place][1],
            cells=_cells(found[place], package),
        )
        for place in sorted(taken)
    )
    queue = Queue(
        data=version.data,
        model=version.ref,
        target=task.target,
        kind=kinds.get(task.target, Kind.FLOAT),
        classes=task.classes,
        columns=columns,
        rows=rows,
        labelled=len(found),
        sealed=0,
        judged=0,
        contradicted=0,
        seed=choice.seed,
        answered=version.name,
    )
    return queue, version


def _cells(each: Prediction, package: ModelPackage) -> tuple[Scalar | None, ...]:
    """Return the cells of a row as they were sent, in the kinds of the model's columns."""
    values = cast_row(rows_of(each.body)[each.row], package.signature.inputs)
    return tuple(cell.isoformat() if isinstance(cell, date) else cell for cell in values)


def table_of_answers(
    queue: Queue, rows: tuple[SettledLabel, ...], package: Digest, workspace: Workspace
) -> Snapshot:
    """Return a data version of the predictions whose truth is settled, named by their ids."""
    inputs = load(ModelPackage, workspace.store.get(package)).signature.inputs
    cells = {each.row: dict(zip(queue.columns, each.cells, strict=True)) for each in queue.rows}
    frame = frame_of((cast_row(cells[each.row], inputs) for each in rows), inputs)
    table = labelled_answers(
        frame, [each.row for each in rows], queue.target, queue.kind, [r.value for r in rows]
    )
    return build(table, key=PREDICTION, store=workspace.store)
