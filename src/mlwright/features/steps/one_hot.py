"""A category as one column of 0 and 1 for each frequent one (recipe for linear models).

``categories`` are the frequent ones, most frequent first; the last output is 1 for rare and
unseen texts. A missing cell is 0 everywhere: the indicator step tells it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.categories import frequent
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 60  # each costs a column of the linear model's matrix


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the column's frequent categories."""
    categories = frequent(series, MOST_CATEGORIES)
    outputs = (*(f"{column.name}={category}" for category in categories), f"{column.name}:other")
    return FittedStep("one_hot", column.name, column.kind, outputs, (), categories)


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return one output for each frequent category and one for all others."""
    width = len(step.outputs)
    matrix = np.zeros((len(series), width))
    present = ~series.is_null().to_numpy()
    if step.categories:
        codes = series.replace_strict(
            list(step.categories), list(range(len(step.categories))), default=width - 1
        ).to_numpy()
    else:
        codes = np.zeros(len(series), dtype=np.int64)
    rows = np.flatnonzero(present)
    matrix[rows, codes[rows]] = 1.0
    return matrix


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return one cell's outputs."""
    width = len(step.outputs)
    if value is None:
        return (0.0,) * width
    place = _places(step.categories).get(value, width - 1)
    return (0.0,) * place + (1.0,) + (0.0,) * (width - 1 - place)


@lru_cache(maxsize=1024)
def _places(categories: tuple[str, ...]) -> dict[Value, int]:
    return {category: place for place, category in enumerate(categories)}
