"""Tables that a program holds already: polars, pandas, and whatever hands over Arrow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.raw import RawTable
from mlwright.data.sources.values import ValueColumn

_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


def is_frame(source: object) -> bool:
    """Tell whether something is a table, not the name of one."""
    return not isinstance(source, str) and (
        hasattr(source, "__arrow_c_stream__") or _library(source) in ("polars", "pandas")
    )


def address_of(source: object) -> str:
    """Return what stands for a frame where a source is named."""
    return f"frame:{_library(source)}"


def read(source: Any, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Return the rows of a frame; it is not kept, and later changes to it change nothing.

    Raises
    ------
    DataError
        ``frame-kind`` for what is no table, and whatever is wrong with its columns.
    """
    library = _library(source)
    readings: list[Reading] = []
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    if isinstance(source, pl.DataFrame):
        frame = source
    elif library == "pandas":
        frame, readings = _from_pandas(source, settings, texts)
        return RawTable(frame, tuple(readings), library, address=address_of(source))
    elif hasattr(source, "__arrow_c_stream__"):
        try:
            frame = pl.DataFrame(source)
        except _FAULTS as error:
            raise _no_frame(source, str(error).splitlines()[0]) from error
    else:
        raise _no_frame(source, "it is no table")
    names, readings = settle_names(frame.columns, settings.max_columns)
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    return RawTable(frame, tuple(readings), library, address=address_of(source))


def _library(source: object) -> str:
    return type(source).__module__.partition(".")[0]


def _from_pandas(
    source: Any, settings: DataSettings, texts: Collection[str]
) -> tuple[pl.DataFrame, list[Reading]]:
    """Return pandas' columns by their values: its types differ between versions and back ends."""
    if not hasattr(source, "columns"):
        raise _no_frame(source, "it is a column: to_frame() makes it a table")
    names, readings = settle_names([str(name) for name in source.columns], settings.max_columns)
    if type(source.index).__name__ != "RangeIndex":
        readings.append(Reading("", "the index left out; reset_index() keeps it", len(source)))
    columns = []
    for place, name in enumerate(names):
        series = source.iloc[:, place]
        values, told = _pandas_column(series, name, text=name in texts)
        columns.append(values)
        readings.extend(told)
    return pl.DataFrame(columns), readings


def _pandas_column(series: Any, name: str, *, text: bool) -> tuple[pl.Series, list[Reading]]:
    kind = getattr(series.dtype, "kind", "O")
    if type(series.dtype).__module__.startswith("numpy") and kind in "biuf":
        return pl.Series(name, series.to_numpy()), []
    if kind == "M":
        zone = getattr(series.dtype, "tz", None)
        if zone is not None:
            present = int(series.notna().sum())
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
            told = [Reading(name, f"times in {zone} converted to UTC", present)]
            return pl.Series(name, series.to_numpy()), told if str(zone) != "UTC" else []
        return pl.Series(name, series.to_numpy()), []
    column = ValueColumn(name, text=text, dated=True)
    missing = series.isna().to_numpy()
    cells = series.astype(object).to_numpy()
    column.add([None if gone else _plain(cell) for cell, gone in zip(cells, missing, strict=True)])
    return column.finish()


def _plain(cell: Any) -> object:
    """Return a cell as Python's own type, not numpy's or pandas'."""
    if hasattr(cell, "to_pydatetime"):
        return cell.to_pydatetime()
    return cell.item() if hasattr(cell, "item") else cell


def _no_frame(source: object, why: str) -> DataError:
    kind = type(source).__qualname__
    return DataError(
        "frame-kind",
        f"a {kind} cannot be read as a table: {why}",
        fix="give a polars, pandas or Arrow table, or the path of a file",
        facts={"type": kind},
    )
