"""The days from one date to another, of two columns; NaN where one is missing (recipe for trees).

A time of day counts as a part of its day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

_MICROSECONDS = 86_400_000_000  # of a day
_ONE = timedelta(microseconds=1)


def fit(sources: Sequence[Column]) -> FittedStep:
    """Return the step from the first column to the second; there is nothing to learn."""
    start, end = sources
    output = f"{start.name} to {end.name}:days"
    return FittedStep("elapsed", start.name, start.kind, (output,), (), (), (end,))


def transform_table(step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:  # noqa: ARG001
    """Return the days between the dates, one output."""
    start, end = (_moments(series) for series in columns)
    # A span is told to the microsecond: a difference of the two in floats would not be.
    gone = np.array((end - start).cast(float).fill_null(math.nan).to_numpy(), dtype=np.float64)
    return gone.reshape(-1, 1) / float(_MICROSECONDS)


def transform_value(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:  # noqa: ARG001
    """Return the days between two dates."""
    start, end = values
    if not isinstance(start, date) or not isinstance(end, date):
        return (math.nan,)
    return (float((_moment(end) - _moment(start)) // _ONE) / float(_MICROSECONDS),)


def _moments(series: pl.Series) -> pl.Series:
    """Return the microseconds since 1970."""
    physical = series.to_physical().cast(int)
    if series.dtype.base_type().__name__ == "Date":
        return physical * _MICROSECONDS
    return series.dt.timestamp("us")


def _moment(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time())
