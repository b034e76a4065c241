"""How far a number is through each of its bins, 0 before and 1 after it; what is missing is 0.

``numbers`` are the edges of the bins, increasing: quantiles of the training rows. A weighted sum of
the outputs is a line that bends at each edge and is level outside the outermost, so that a linear
model follows a curve and no far value decides alone.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix, number_of, numbers_of
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

MOST_BINS = 12  # each costs a column of the linear model's matrix
_ROWS_A_BIN = 25


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the column's quantiles."""
    numbers = numbers_of(series)
    finite = np.sort(numbers[np.isfinite(numbers)])
    bins = min(MOST_BINS, max(1, len(finite) // _ROWS_A_BIN))
    places = np.arange(bins + 1) * max(len(finite) - 1, 0) // bins
    edges = np.unique(finite[places]).tolist() if len(finite) else []
    outputs = tuple(f"{column.name}:from {edge:g}" for edge in edges[:-1])
    return FittedStep("bins", column.name, column.kind, outputs, tuple(edges), ())


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return how far each cell is through each bin."""
    numbers = numbers_of(series).reshape(-1, 1)
    if not step.outputs:
        return np.zeros((len(numbers), 0))
    edges = np.array(step.numbers, dtype=np.float64)
    low, high = edges[:-1], edges[1:]
    with np.errstate(over="ignore", invalid="ignore"):
        through = (numbers - low) / (high - low)
        # In halves where the bin is wider than a float can tell.
        halved = (numbers / 2 - low / 2) / (high / 2 - low / 2)
        through = np.where(np.isfinite(high - low), through, halved)
    found = np.where(numbers >= high, 1.0, np.where(numbers > low, through, 0.0))
    return np.asarray(found, dtype=np.float64)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return how far one cell is through each bin."""
    return through_bins(step.numbers, number_of(value))


def through_bins(edges: tuple[float, ...], number: float) -> tuple[float, ...]:
    """Return how far a number is through each bin; NaN is before all."""
    found: list[float] = []
    for low, high in pairwise(edges):
        if number >= high:
            found.append(1.0)
        elif number > low:
            wide = high - low
            if math.isfinite(wide):
                found.append((number - low) / wide)
            else:
                found.append((number / 2 - low / 2) / (high / 2 - low / 2))
        else:
            found.append(0.0)
    return tuple(found)
