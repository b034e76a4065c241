"""1 where a cell is missing, else 0, for a column of any kind (recipe for linear models)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix, is_missing, missing_in
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl


def fit(series: pl.Series, column: Column) -> FittedStep:  # noqa: ARG001 - the shape of a step
    """Return the step; there is nothing to learn."""
    output = f"{column.name}:missing"
    return FittedStep("indicator", column.name, column.kind, (output,), (), ())


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:  # noqa: ARG001
    """Return 1 for each missing cell, one output."""
    return missing_in(series).astype(float).reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:  # noqa: ARG001
    """Return 1 for a missing cell."""
    return (1.0 if is_missing(value) else 0.0,)
