"""Where a model is worst: slices of the rows it never saw in which it loses more than elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.records import Slice, Slices
from mlwright.evaluate.truth import groups_of, units_of
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.stats.counts import FloatArray
from mlwright.stats.slices import SlicedColumn
from mlwright.stats.worst_slices import design_effect
from mlwright.stats.worst_slices import worst_slices as search
from mlwright.train.records import Task, TaskKind

_MOST_VALUES = 50
"""A column with more values than these tells rows apart rather than grouping them."""


def worst_slices(
    table: Table, unseen: Unseen, task: Task, columns: Sequence[str], *, unit: str | None
) -> Slices:
    """Return the slices of the rows a model never saw in which it loses most beyond the rest.

    The loss of a row is its part of the Brier score, of a number the absolute error.

    Parameters
    ----------
    columns
        What rows are sliced by.
    unit
        The column of the split's units: rows of one unit tell less than as many others.
    """
    judged = judged_rows(table, unseen)
    losses = losses_of(unseen.y, unseen.answers, task)
    known = np.isfinite(losses).all()
    sliced = [
        SlicedColumn(name, groups.codes, groups.names)
        for name in columns
        if len((groups := groups_of(judged.table.frame[name])).names) in range(2, _MOST_VALUES + 1)
    ]
    widening = 1.0 if unit is None else design_effect(losses, units_of(judged.table, unit))
    found = search(sliced if known else (), losses, widening=widening)
    stated, happened = _said(unseen, task)
    return Slices(
        loss="mae" if task.kind is TaskKind.REGRESSION else "brier",
        rows=len(losses),
        columns=tuple(column.name for column in sliced),
        smallest=found.smallest,
        tested=found.tested,
        believed=found.believed,
        slices=tuple(
            Slice(
                where=each.where,
                rows=each.rows,
                loss=each.loss,
                elsewhere=each.elsewhere,
                excess=each.excess,
                chance=each.chance,
                stated=float(stated[rows].mean()),
                happened=float(happened[rows].mean()),
            )
            for each, rows in zip(found.slices, found.members, strict=True)
        ),
    )


def losses_of(y: FloatArray, answers: FloatArray, task: Task) -> FloatArray:
    """Return what each row loses: its part of the Brier score, or its absolute error."""
    if task.kind is TaskKind.REGRESSION:
        error: FloatArray = np.abs(answers[:, 0] - y)
        return error
    if answers.shape[1] == 2:
        square: FloatArray = (answers[:, 1] - y) ** 2
        return square
    is_it = y[:, None] == np.arange(answers.shape[1])
    squares: FloatArray = ((answers - is_it) ** 2).sum(axis=1)
    return squares


def _said(unseen: Unseen, task: Task) -> tuple[FloatArray, FloatArray]:
    """Return what the model states, and what happened: of a class its share, else the number."""
    if task.kind is TaskKind.REGRESSION:
        return unseen.answers[:, 0], unseen.y
    if unseen.answers.shape[1] == 2:
        return unseen.answers[:, 1], unseen.y
    right = (unseen.answers.argmax(axis=1) == unseen.y).astype(np.float64)
    return unseen.answers.max(axis=1), right
