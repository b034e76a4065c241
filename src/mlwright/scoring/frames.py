"""Tables cast strictly to a signature, as :mod:`mlwright.scoring.cast` casts rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.digests import DTYPES
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Kind
from mlwright.data.repair.catalogue import CELL_VERBS
from mlwright.data.repair.records import CellRepair
from mlwright.features.records import Value
from mlwright.scoring.cast import cast_value, missing_columns, refusal
from mlwright.scoring.repairing import compile_column, entries_of

_NUMBERS = (pl.Int64(), pl.Float64())
_TIMES = (pl.Date(), pl.Datetime("us"), pl.String())


def cast_frame(frame: pl.DataFrame, inputs: Sequence[Column]) -> pl.DataFrame:
    """Return the columns of ``inputs`` in their kinds; others are left out.

    Raises
    ------
    DataError
        ``column-missing``, ``value-kind`` naming the row, or ``type-unsupported``.
    """
    if any(column.name not in frame.columns for column in inputs):
        raise missing_columns(frame.columns, inputs)
    if not inputs:  # a selection of nothing would lose the height
        return frame.drop(frame.columns)
    usual, _ = normalise(frame.select(column.name for column in inputs))
    return pl.DataFrame([cast_column(usual[column.name], column) for column in inputs])


def repair_frame(frame: pl.DataFrame, repairs: Sequence[CellRepair]) -> pl.DataFrame:
    """Return a table repaired as its rows would be (:mod:`mlwright.scoring.repairing`).

    A column that cannot hold what repaired cells would be is left for the scorer to refuse.
    """
    present = [each for each in repairs if each.column in frame.columns]
    if not present:
        return frame
    usual, _ = normalise(frame.select(each.column for each in present))
    return frame.with_columns(_repaired(usual[each.column], each) for each in present)


def _repaired(series: pl.Series, repair: CellRepair) -> pl.Series:
    for entry in entries_of(repair):
        try:
            cells = cast_column(series, Column(repair.column, entry.kind))
        except DataError:
            continue
        for step, kind in entry.steps:
            made = CELL_VERBS[step.verb].expression(step, kind, pl.col(repair.column))
            cells = cells.to_frame().select(made.alias(repair.column)).to_series()
        return cells
    one = compile_column(repair)
    try:
        return pl.Series(repair.column, [one(cell) for cell in series], strict=True)
    except TypeError:
        return series


def packed(frame: pl.DataFrame) -> bytes:
    """Return a table as bytes that another process reads: :func:`unpacked`."""
    written = io.BytesIO()
    frame.write_ipc(written)
    return written.getvalue()


def unpacked(raw: bytes) -> pl.DataFrame:
    """Return the table behind the bytes of :func:`packed`."""
    return pl.read_ipc(io.BytesIO(raw))


def frame_of(rows: Iterable[Sequence[Value]], inputs: Sequence[Column]) -> pl.DataFrame:
    """Return rows of cast values as a table."""
    rows = list(rows)
    if not inputs:
        return pl.DataFrame({"rows": [None] * len(rows)}).drop("rows")
    schema = {column.name: DTYPES[column.kind] for column in inputs}
    return pl.DataFrame(rows, schema=schema, orient="row")


def cast_column(series: pl.Series, column: Column) -> pl.Series:
    """Return one column in its kind.

    Raises
    ------
    DataError
        ``value-kind`` naming the row.
    """
    wanted = DTYPES[column.kind]
    if series.dtype == wanted:
        return series
    if series.null_count() == len(series):
        return series.cast(wanted, strict=False)
    if column.kind is Kind.FLOAT and series.dtype in _NUMBERS:
        return series.cast(wanted)
    if column.kind is Kind.INTEGER and series.dtype in _NUMBERS:
        return _by_value(series, column, lambda values: values.cast(wanted, strict=False))
    if column.kind is Kind.DATETIME and series.dtype == pl.Date():
        return series.cast(wanted)
    if column.kind in (Kind.DATE, Kind.DATETIME) and series.dtype in _TIMES:
        return _by_value(series, column, lambda values: _parsed(values, column))
    raise _first_refused(series, column, series.is_not_null())


def _by_value(
    series: pl.Series, column: Column, cast: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """Cast a column in which each value is exact or refused."""
    values = cast(series)
    exact = values.is_not_null()
    if series.dtype == pl.Float64():
        exact &= values.cast(pl.Float64) == series
    refused = series.is_not_null() & ~exact.fill_null(value=False)
    if refused.any():
        raise _first_refused(series, column, refused)
    return values


def _parsed(series: pl.Series, column: Column) -> pl.Series:
    """Cast each different value once, by the rule for rows; what it refuses becomes null."""
    different = series.drop_nulls().unique()
    cast: list[Value] = []
    for value in different:
        try:
            cast.append(cast_value(value, column))
        except DataError:
            cast.append(None)
    return series.replace_strict(
        different, pl.Series(cast, dtype=DTYPES[column.kind]), return_dtype=DTYPES[column.kind]
    )


def _first_refused(series: pl.Series, column: Column, refused: pl.Series) -> DataError:
    row = refused.arg_max() or 0
    return refusal(column, series[row], row=row + 1)
