"""Which columns hold numbers or categories, and numbers put back into their column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mlwright.data.records import Column, Kind
from mlwright.stats.counts import FloatArray

_EXACT = 2.0**53
_CATEGORIES = (Kind.STRING, Kind.BOOLEAN)
_NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def number_columns(inputs: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns that hold numbers."""
    return tuple(column.name for column in inputs if column.kind in _NUMBERS)


def category_columns(inputs: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns that hold texts or truth values."""
    return tuple(column.name for column in inputs if column.kind in _CATEGORIES)


def like(series: pl.Series, numbers: FloatArray) -> pl.Series:
    """Return numbers as a column of the same kind; whole where it holds whole numbers.

    What is missing stays so. A number beyond what the column could hold becomes the largest that
    it holds exactly.
    """
    if series.dtype.is_integer():
        numbers = np.rint(np.clip(numbers, -_EXACT, _EXACT))
    made = pl.Series(series.name, numbers).fill_nan(None)
    return made.cast(series.dtype)
