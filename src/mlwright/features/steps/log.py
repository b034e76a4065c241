"""The logarithm of one more than a number, in standard deviations from the mean of such logarithms.

``numbers`` are the median of the raw numbers, which stands for what is not finite, and the mean and
the standard deviation of the logarithms. What is below 0 counts as 0. A table and a row ask the
same function of the C library, number by number: one that works on many at once may round its last
bit otherwise.
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

LEAST_SKEW = 1.0
"""The skewness of an exponential is 2, that of a normal 0."""


def pays(series: pl.Series) -> bool:
    """Tell whether training rows say that a logarithm makes a column more even.

    None is below 0, they are skewed by more than :data:`LEAST_SKEW` to the right, and their
    logarithms by less than half of that, to either side.
    """
    numbers = numbers_of(series)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite) or finite.min() < 0.0:
        return False
    before = _skewness(finite)
    return before > LEAST_SKEW and abs(_skewness(_logarithms(finite))) < before / 2.0


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the column's median, and its logarithms' mean and deviation."""
    numbers = numbers_of(series)
    finite = numbers[np.isfinite(numbers)]
    # In halves, for the mean of two middle numbers may be more than a float holds.
    median = float(np.median(finite / 2.0)) * 2.0 if len(finite) else 0.0
    logarithms = _logarithms(np.where(np.isfinite(numbers), numbers, median))
    mean = float(np.mean(logarithms)) if len(logarithms) else 0.0
    deviation = float(np.std(logarithms)) if len(logarithms) else 0.0
    if deviation <= 0.0:
        deviation = 1.0
    return FittedStep(
        "log", column.name, column.kind, (column.name,), (median, mean, deviation), ()
    )


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the logarithms of a column, one output."""
    median, mean, deviation = step.numbers
    numbers = numbers_of(series)
    logarithms = _logarithms(np.where(np.isfinite(numbers), numbers, median))
    return np.asarray(np.clip((logarithms - mean) / deviation, -_REACH, _REACH)).reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the logarithm of one cell."""
    median, mean, deviation = step.numbers
    number = number_of(value)
    logarithm = _logarithm(number if math.isfinite(number) else median)
    return (min(max((logarithm - mean) / deviation, -_REACH), _REACH),)


_REACH = 1e6
"""As in :mod:`mlwright.features.steps.scale`: no value decides alone."""


def _logarithm(number: float) -> float:
    return math.log1p(number) if number > 0.0 else 0.0


def _logarithms(numbers: Matrix) -> Matrix:
    different, places = np.unique(numbers, return_inverse=True)
    found = np.array([_logarithm(each) for each in different.tolist()], dtype=np.float64)
    return np.asarray(found[places], dtype=np.float64)


def _skewness(numbers: Matrix) -> float:
    """Return the mean cube of standardised numbers; 0 where they do not vary."""
    unit = float(np.max(np.abs(numbers))) or 1.0
    away = numbers / unit - float(np.mean(numbers / unit))
    deviation = math.sqrt(float(np.mean(away * away)))
    return float(np.mean((away / deviation) ** 3)) if deviation > 0.0 else 0.0
