"""The target column as numbers: class indices or values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.table import Table
from mlwright.features.numbers import missing_in, numbers_of
from mlwright.train.records import Task, TaskKind

if TYPE_CHECKING:
    import polars as pl

Vector = NDArray[np.float64]


def target_values(frame: pl.DataFrame, task: Task) -> Vector:
    """Return each row's class index or value; NaN where it is missing or a class unknown.

    A class is unknown when no row outside the sealed test part has it.
    """
    series = frame[task.target]
    if task.kind is TaskKind.REGRESSION:
        return numbers_of(series).reshape(-1)
    indices = [float(index) for index in range(len(task.classes))]
    found = series.replace_strict(list(task.classes), indices, default=float("nan"))
    return np.array(found.to_numpy(), dtype=np.float64)


def labelled(table: Table, target: str) -> Table:
    """Return the rows whose target is known."""
    missing = missing_in(table.frame[target])
    return rows_of(table, np.flatnonzero(~missing)) if missing.any() else table


def rows_of(table: Table, rows: NDArray[np.intp]) -> Table:
    """Return some rows of a table, by their places."""
    return Table(table.frame[rows], table.row_ids[rows])
