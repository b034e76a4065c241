"""Numbers out of cells: one meaning of "missing" for a column and for a single value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.features.records import Value

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float64]
"""Rows x outputs, float64, in C order."""


def number_of(value: Value) -> float:
    """Return a cell as a float; a missing one is the one canonical NaN.

    >>> number_of(True), number_of(None)
    (1.0, nan)
    """
    if value is None:
        return math.nan
    if not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    number = float(value)
    # A NaN may carry a payload; the canonical one keeps table and row equal to the last bit.
    return math.nan if math.isnan(number) else number


def numbers_of(series: pl.Series) -> Matrix:
    """Return a numeric or boolean column as floats; missing cells are the one canonical NaN."""
    numbers = np.array(series.cast(float).fill_null(math.nan).to_numpy(), dtype=np.float64)
    numbers[np.isnan(numbers)] = math.nan
    return numbers


def is_missing(value: Value) -> bool:
    """Tell whether a cell is missing: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def missing_in(series: pl.Series) -> NDArray[np.bool_]:
    """Return which cells of a column are missing: null or NaN."""
    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(value=True)
    return np.array(missing.to_numpy(), dtype=np.bool_)
