"""Two versions on rows that neither saw: which is better, which answers change, and where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.estimate import MODEL, Round, estimate
from mlwright.evaluate.records import Behaviour, Change, ChangedRow
from mlwright.evaluate.slices import losses_of
from mlwright.evaluate.truth import groups_of, units_of
from mlwright.stats.counts import FloatArray
from mlwright.stats.decisions import decided
from mlwright.stats.shares import wilson
from mlwright.stats.slices import SlicedColumn
from mlwright.stats.worst_slices import worst_slices
from mlwright.train.records import Task

MOST_ROWS = 10
_FIRST = "first"
_MOST_VALUES = 50


def behaviour(
    table: Table,
    y: FloatArray,
    first: FloatArray,
    second: FloatArray,
    task: Task,
    columns: Sequence[str],
    *,
    unit: str | None,
    seed: int,
) -> Behaviour:
    """Return how two models answer the same rows, which neither of them saw.

    Parameters
    ----------
    first, second
        Their answers: rows x outputs.
    columns
        What rows are sliced by, to tell where the answers differ most.
    """
    kind = task.kind.value
    found = estimate(
        y,
        [Round({MODEL: second, _FIRST: first})],
        task=kind,
        metric=task.metric,
        groups={},
        units=units_of(table, unit),
        seed=seed,
        costs=task.costs,
    )
    moved = _moved(first, second, task)
    sliced = [
        SlicedColumn(name, groups.codes, groups.names)
        for name in columns
        if len((groups := groups_of(table.frame[name])).names) in range(2, _MOST_VALUES + 1)
    ]
    where = worst_slices(sliced, moved)
    before, after = (losses_of(y, answers, task) for answers in (first, second))
    if task.classes:
        called = [decided(answers, task.costs) for answers in (first, second)]
        changed = called[0] != called[1]
        righted = int((changed & (called[1] == y)).sum())
        wronged = int((changed & (called[0] == y)).sum())
    else:
        changed = moved > 0
        righted, wronged = int((after < before).sum()), int((after > before).sum())
    # Of classes first the rows whose decision changes; the largest moves first.
    order = np.lexsort((-moved, ~changed))[:MOST_ROWS]
    return Behaviour(
        rows=len(y),
        metric=task.metric,
        first=found.metrics[_FIRST],
        second=found.metrics[MODEL],
        gain=found.gains[_FIRST],
        changed=wilson(float(changed.sum()), len(y)),
        righted=righted,
        wronged=wronged,
        moved=float(moved.mean()),
        where=tuple(Change(s.where, s.rows, s.loss, s.elsewhere, s.excess) for s in where.slices),
        most=tuple(
            ChangedRow(
                str(table.row_ids[int(place)]),
                _said(float(y[place]), task),
                _told(first[place], task),
                _told(second[place], task),
                float(moved[place]),
            )
            for place in order
            if moved[place] > 0
        ),
        decides=bool(task.classes),
    )


def _moved(first: FloatArray, second: FloatArray, task: Task) -> FloatArray:
    """Return how far each answer moved: the probability that changed its class, or the distance."""
    apart: FloatArray = np.abs(second - first).sum(axis=1)
    return apart / 2 if task.classes else apart


def _said(truth: float, task: Task) -> str:
    return str(task.classes[int(truth)]) if task.classes else f"{truth:.6g}"


def _told(answer: FloatArray, task: Task) -> str:
    if not task.classes:
        return f"{float(answer[0]):.6g}"
    top = int(decided(answer[None, :], task.costs)[0])
    return f"{task.classes[top]} ({float(answer[top]):.1%})"
