"""A number minus its mean over its deviation; what is not finite becomes the median first.

``numbers`` are the median, the mean and the standard deviation of the training rows, the last
two after the filling; a column that does not vary has the deviation 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix, number_of, numbers_of
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

# A value this far out decides any linear answer alone; without a bound it could overflow it.
_REACH = 1e6


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the column's median, mean and deviation."""
    numbers = numbers_of(series)
    finite = numbers[np.isfinite(numbers)]
    # In units of the largest value where sums and squares of values could overflow.
    reach = float(np.max(np.abs(finite))) if len(finite) else 0.0
    unit = reach if reach > 1e100 else 1.0
    median = float(np.median(finite / unit)) * unit if len(finite) else 0.0
    filled = np.where(np.isfinite(numbers), numbers, median)
    mean = float(np.mean(filled / unit)) * unit if len(filled) else 0.0
    deviation = float(np.std(filled / unit)) * unit if len(filled) else 0.0
    if not (math.isfinite(deviation) and deviation > 0.0):
        deviation = 1.0
    return FittedStep(
        "scale", column.name, column.kind, (column.name,), (median, mean, deviation), ()
    )


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the standardised column, one output."""
    median, mean, deviation = step.numbers
    numbers = numbers_of(series)
    filled = np.where(np.isfinite(numbers), numbers, median)
    with np.errstate(over="ignore"):
        scaled = (filled - mean) / deviation
    return np.asarray(np.clip(scaled, -_REACH, _REACH)).reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return one standardised cell."""
    median, mean, deviation = step.numbers
    number = number_of(value)
    filled = number if math.isfinite(number) else median
    scaled = (filled - mean) / deviation
    return (min(max(scaled, -_REACH), _REACH),)
