"""The parts of a date: whole days, month, weekday, day of the year, hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from mlwright.features.numbers import Matrix

if TYPE_CHECKING:
    import polars as pl

CYCLES: Mapping[str, int] = {"month": 12, "weekday": 7, "day_of_year": 366, "hour": 24}
"""The parts that come round again, each counted from 0, and their periods."""

_EPOCH = date(1970, 1, 1).toordinal()

_OF_VALUE: Mapping[str, Callable[[date], int]] = {
    "days": lambda day: day.toordinal() - _EPOCH,
    "month": lambda day: day.month - 1,
    "weekday": lambda day: day.weekday(),
    "day_of_year": lambda day: day.timetuple().tm_yday - 1,
    "hour": lambda day: day.hour if isinstance(day, datetime) else 0,
}


def part_of(name: str, day: date) -> int:
    """Return one part of a date or datetime.

    >>> part_of("weekday", date(2026, 1, 1)), part_of("days", date(1970, 1, 3))
    (3, 2)
    """
    return _OF_VALUE[name](day)


def parts_of(name: str, series: pl.Series) -> Matrix:
    """Return one part of each date in a column, as floats; missing is NaN."""
    if name == "days":
        numbers = series.dt.date().to_physical()
    elif name == "month":
        numbers = series.dt.month().cast(int) - 1
    elif name == "weekday":
        numbers = series.dt.weekday().cast(int) - 1
    elif name == "day_of_year":
        numbers = series.dt.ordinal_day().cast(int) - 1
    elif series.dtype.base_type().__name__ == "Date":
        return np.where(series.is_null().to_numpy(), np.nan, 0.0)
    else:
        numbers = series.dt.hour()
    return np.array(numbers.cast(float).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def varied_parts(series: pl.Series, *, raw: bool) -> tuple[str, ...]:
    """Return the names of the parts that differ between the dates of a column.

    Without ``raw``, whole days are left out: of a column that orders the rows, a raw value says
    only "later than everything learned".
    """
    names = (("days",) if raw else ()) + tuple(CYCLES)
    known = series.drop_nulls()
    return tuple(name for name in names if len(np.unique(parts_of(name, known))) > 1)
