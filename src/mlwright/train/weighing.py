"""How much each row counts, by a column that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.names import require_column
from mlwright.features.columns import NUMERIC
from mlwright.features.numbers import numbers_of
from mlwright.train.records import Task
from mlwright.train.target import Vector

if TYPE_CHECKING:
    import polars as pl


def row_weights(frame: pl.DataFrame, task: Task) -> Vector | None:
    """Return how much each row counts; None where no column says so.

    Raises
    ------
    DataError
        ``weight-cells`` where the column is not of numbers above 0, or one is missing.
    """
    if task.weight is None:
        return None
    column = require_column(columns_of(frame), task.weight, "weight")
    if column.kind not in NUMERIC:
        raise _refused(task.weight, f"it holds {column.kind.value} values")
    weights = numbers_of(frame[task.weight]).reshape(-1)
    wrong = ~(np.isfinite(weights) & (weights > 0.0))
    if wrong.any():
        first = frame[task.weight][int(np.argmax(wrong))]
        raise _refused(task.weight, f"{int(wrong.sum()):,} cells are not, the first is {first!r}")
    return weights


def both(one: Vector | None, other: Vector | None) -> Vector | None:
    """Return the product of two weights, where each may say nothing."""
    if one is None or other is None:
        return other if one is None else one
    product: Vector = one * other
    return product


def _refused(column: str, why: str) -> DataError:
    return DataError(
        "weight-cells",
        f"the weight {column!r} must be a number above 0 in every row: {why}",
        fix="correct the column in the source, or leave data.weight out",
        facts={"column": column},
    )
