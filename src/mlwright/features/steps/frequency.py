"""The share of the training rows that hold a cell's text; 0 for unseen ones, missing is NaN.

``categories`` are the texts of two rows or more, most frequent first, and ``numbers`` their shares.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 5_000  # each costs a text and its number in the package


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the shares of the column's texts."""
    found = series.drop_nulls().value_counts(name="rows")
    pairs = zip(found.to_series(0).to_list(), found["rows"].to_list(), strict=True)
    kept = sorted((-rows, text) for text, rows in pairs if rows > 1)[:MOST_CATEGORIES]
    return FittedStep(
        "frequency",
        column.name,
        column.kind,
        (f"{column.name}:share",),
        tuple(-rows / len(series) for rows, _ in kept),
        tuple(text for _, text in kept),
    )


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the share of each cell's text, one output."""
    if step.categories:
        found = series.replace_strict(list(step.categories), list(step.numbers), default=0.0)
        shares = np.array(found.to_numpy(), dtype=np.float64)
    else:
        shares = np.zeros(len(series))
    shares[series.is_null().to_numpy()] = math.nan
    return shares.reshape(-1, 1)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the share of one cell's text."""
    if value is None:
        return (math.nan,)
    return (_shares(step).get(value, 0.0),)


@lru_cache(maxsize=256)
def _shares(step: FittedStep) -> dict[Value, float]:
    return dict(zip(step.categories, step.numbers, strict=True))
