"""A category as its rank by frequency; rare and unseen ones share one code, missing is NaN.

``categories`` are the frequent ones, most frequent first (ties by text); a category's code is its
place, every other text has the code after the last.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.categories import frequent
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 254  # with the shared code at most 255 bins, LightGBM's default


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the column's frequent categories."""
    categories = frequent(series, MOST_CATEGORIES)
    return FittedStep("ordinal", column.name, column.kind, (column.name,), (), categories)


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the codes, one output."""
    other = float(len(step.categories))
    if step.categories:
        places = [float(place) for place in range(len(step.categories))]
        codes = series.replace_strict(list(step.categories), places, default=other)
        numbers = np.array(codes.to_numpy(), dtype=np.float64)
    else:
        numbers = np.full(len(series), other)
    numbers[series.is_null().to_numpy()] = math.nan
    return numbers.reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return one cell's code."""
    if value is None:
        return (math.nan,)
    return (_codes(step.categories).get(value, float(len(step.categories))),)


@lru_cache(maxsize=1024)
def _codes(categories: tuple[str, ...]) -> dict[Value, float]:
    return {category: float(place) for place, category in enumerate(categories)}
