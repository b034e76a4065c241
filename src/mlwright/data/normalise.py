"""Any Polars type to one of the six kinds, told where values change their look, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.digests import DTYPES
from mlwright.data.records import Reading

_PLAIN = frozenset(DTYPES.values())
_SMALL_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
_WIDE_INTEGERS = (pl.UInt64, pl.Int128, pl.UInt128)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days since 1970."""
_DAY_MICROSECONDS = 86_400_000_000
_ALL_MISSING = "every value is missing"


def normalise(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Reading]]:
    """Return the frame with every column as one of the six kinds, and what to tell.

    Raises
    ------
    DataError
        ``type-unsupported`` names the column and its type.
    """
    columns: list[pl.Series] = []
    readings: list[Reading] = []
    for series in frame:
        values, told = _normalised(series)
        columns.append(values)
        readings.extend(Reading(series.name, what, count) for what, count in told)
    return pl.DataFrame(columns), readings


def add_up(told: Iterable[Sequence[Reading]], columns: Sequence[str], rows: int) -> list[Reading]:
    """Return what was told of a table's parts as told of the whole table, column by column."""
    counts: dict[tuple[str, str], int] = {}
    for readings in told:
        for reading in readings:
            which = (reading.column, reading.what)
            counts[which] = counts.get(which, 0) + reading.count
    whole = [
        Reading(column, what, count)
        for (column, what), count in counts.items()
        if what != _ALL_MISSING or count == rows
    ]
    return sorted(whole, key=lambda reading: columns.index(reading.column))


def _normalised(series: pl.Series) -> tuple[pl.Series, list[tuple[str, int]]]:
    present = len(series) - series.null_count()
    dtype = series.dtype
    told: list[tuple[str, int]] = []
    if dtype in _SMALL_INTEGERS:
        series = series.cast(pl.Int64)
    elif dtype in _WIDE_INTEGERS:
        series = _narrowed(series)
    elif dtype in (pl.Float32, pl.Float16):
        told.append((f"{dtype} read as 64-bit floats, exactly", present))
        series = series.cast(pl.Float64)
    elif isinstance(dtype, pl.Decimal):
        series = _from_decimal(series, dtype, told)
    elif dtype in (pl.Categorical, pl.Enum):
        told.append(("categories read as text", present))
        series = series.cast(pl.String)
    elif dtype == pl.Null:
        series = series.cast(pl.String)
    elif isinstance(dtype, pl.Datetime):
        series = _from_datetime(series, dtype, told)
    elif dtype not in _PLAIN:
        raise _unsupported(series, "which is no table cell here")
    if series.dtype == pl.Float64:
        series = _without_nan(series, told)
    if series.dtype in (pl.Date, pl.Datetime):
        _require_years(series)
    if series.null_count() == len(series) and len(series):
        told.append((_ALL_MISSING, len(series)))
    return series, told


def _narrowed(series: pl.Series) -> pl.Series:
    values = series.cast(pl.Int64, strict=False)
    if values.null_count() > series.null_count():
        raise _unsupported(series, "and values beyond 64 bits")
    return values


def _from_decimal(series: pl.Series, dtype: pl.Decimal, told: list[tuple[str, int]]) -> pl.Series:
    if dtype.scale == 0:
        return _narrowed(series)
    present = len(series) - series.null_count()
    told.append((f"{dtype} read as the nearest 64-bit floats", present))
    return series.cast(pl.Float64)


def _from_datetime(series: pl.Series, dtype: pl.Datetime, told: list[tuple[str, int]]) -> pl.Series:
    if dtype.time_zone not in (None, "UTC"):
        present = len(series) - series.null_count()
        told.append((f"times in {dtype.time_zone} converted to UTC", present))
    values = series.dt.replace_time_zone(None) if dtype.time_zone == "UTC" else series
    if dtype.time_zone not in (None, "UTC"):
        values = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    micro = values.cast(pl.Datetime("us"))
    if dtype.time_unit == "ns" and not (micro.cast(pl.Datetime("ns")) == values).all():
        raise _unsupported(series, "and times finer than a microsecond")
    return micro


def _require_years(series: pl.Series) -> None:
    """Refuse days no calendar here has, such as a database's "infinity"; Polars panics on some."""
    unit = 1 if series.dtype == pl.Date else _DAY_MICROSECONDS
    days = series.to_physical().cast(pl.Int64)
    first, last = days.min(), days.max()
    if first is None or last is None:
        return
    if cast("int", first) < _FIRST_DAY * unit or cast("int", last) >= (_LAST_DAY + 1) * unit:
        raise _unsupported(series, "and days beyond the years 1 to 9999")


def _without_nan(series: pl.Series, told: list[tuple[str, int]]) -> pl.Series:
    if missing := int(series.is_nan().sum()):
        told.append(("NaN read as missing", missing))
        series = series.fill_nan(None)
    if infinite := int(series.is_infinite().sum()):
        told.append(("infinite values kept", infinite))
    return series


def _unsupported(series: pl.Series, why: str) -> DataError:
    return DataError(
        "type-unsupported",
        f"the column {series.name!r} has the type {series.dtype}, {why}",
        fix="leave the column out, or write it as numbers, text, truth values, dates or times",
        facts={"column": series.name, "type": str(series.dtype)},
    )
