"""Rows made to fit the columns of a table they join, or refused with the column's name."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.digests import DTYPES, columns_of
from mlwright.data.names import same_names
from mlwright.data.records import Kind


def fitted(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """Return a normalised frame with the columns of a table, in its order and of its kinds.

    Whole numbers fit a column of decimals where none of their digits is lost; a column without
    any value fits every kind.

    Raises
    ------
    DataError
        ``schema-differs`` names the column that does not fit.
    """
    same_names(list(kinds), frame.columns)
    return pl.DataFrame([_column(frame[name], kind) for name, kind in kinds.items()])


def joint_kinds(frames: Mapping[str, pl.DataFrame]) -> Mapping[str, Kind]:
    """Return the kind of each column over several normalised frames, by the frames' names.

    Raises
    ------
    DataError
        ``schema-differs`` names the frame whose column is of another kind than before.
    """
    kinds: dict[str, Kind] = {}
    empty: dict[str, Kind] = {}
    for name, frame in frames.items():
        for column in columns_of(frame):
            if frame[column.name].null_count() == frame.height:
                empty.setdefault(column.name, column.kind)
                continue
            before = kinds.setdefault(column.name, column.kind)
            if column.kind is before:
                continue
            if {column.kind, before} != {Kind.INTEGER, Kind.FLOAT}:
                raise _differs(column.name, column.kind, before).of(name)
            kinds[column.name] = Kind.FLOAT
    first = next(iter(frames.values()))
    return {name: kinds.get(name, empty.get(name, Kind.STRING)) for name in first.columns}


def _column(series: pl.Series, wanted: Kind) -> pl.Series:
    dtype = DTYPES[wanted]
    if series.dtype == dtype or series.null_count() == len(series):
        return series.cast(dtype, strict=False)
    if series.dtype == pl.Int64 and wanted is Kind.FLOAT:
        cast = series.cast(pl.Float64)
        if bool((cast.cast(pl.Int128) == series.cast(pl.Int128)).all()):
            return cast
    (found,) = columns_of(series.to_frame())
    raise _differs(series.name, found.kind, wanted)


def _differs(column: str, found: Kind, wanted: Kind) -> DataError:
    return DataError(
        "schema-differs",
        f"the column {column!r} holds {found.value} values, not {wanted.value} ones as the rows "
        "before",
        fix="write the column alike in all of the table, or read the tables apart",
        facts={"column": column, "found": found.value, "expected": wanted.value},
    )
