"""A number or a boolean as it is; missing stays NaN (recipe for trees)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix, number_of, numbers_of
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl


def fit(series: pl.Series, column: Column) -> FittedStep:  # noqa: ARG001 - the shape of a step
    """Return the step; there is nothing to learn."""
    return FittedStep("passthrough", column.name, column.kind, (column.name,), (), ())


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:  # noqa: ARG001
    """Return the column as floats, one output."""
    return numbers_of(series).reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:  # noqa: ARG001
    """Return one cell as a float."""
    return (number_of(value),)
