"""A table described column by column; it is given the rows outside the sealed test part only."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from mlwright.data.cells import Cells, TableCells, each_column
from mlwright.data.column import Column
from mlwright.data.records import ColumnProfile, Kind, Profile, Scalar
from mlwright.data.semantics import semantic
from mlwright.data.table import Table

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Which quantiles a profile holds; each is a value of the column."""

MOST_COMMON = 50
"""Up to so many different values of a column are counted one by one; of more, a few of text."""

_A_FEW = 10

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_TIMES = (Kind.DATE, Kind.DATETIME)
_FIRST_DAY = date(1970, 1, 1)
_FIRST_MOMENT = datetime(1970, 1, 1)


def profile(table: Table | Cells, seen: pl.Series | None = None) -> Profile:
    """Return what a table holds, a column at a time, several columns at once.

    Parameters
    ----------
    table
        Rows in memory, or the cells of a data version, which is then never held as a whole.
    seen
        Marks the rows to describe; all by default.
    """
    cells = TableCells(table) if isinstance(table, Table) else table
    rows = cells.height if seen is None else int(seen.sum())

    def described(series: pl.Series) -> ColumnProfile:
        return describe(Column(series, seen, date.max), rows)

    return Profile(rows, tuple(each_column(cells, described)))


def describe(column: Column, rows: int) -> ColumnProfile:
    """Return what the fitted cells of a column are: ranges, quantiles, how many differ."""
    kind, known = column.kind, column.known
    numeric, timed = kind in _NUMBERS, kind in _TIMES
    counted = column.tally.finite if numeric else None
    edges, bars = column.tally.finite.histogram() if numeric or timed else ((), ())
    return ColumnProfile(
        name=column.name,
        kind=kind,
        rows=rows,
        nulls=rows - len(known),
        distinct=column.different,
        low=_scalar(known.min()) if numeric or timed else None,
        high=_scalar(known.max()) if numeric or timed else None,
        mean=counted.mean if counted else None,
        deviation=counted.deviation if counted else None,
        quantiles=counted.quantiles(QUANTILES) if counted else (),
        top=_most_common(column),
        semantic=semantic(column),
        spellings=_spellings(column),
        skew=counted.skew if counted else None,
        edges=tuple(_edge(kind, edge) for edge in edges),
        bars=bars,
    )


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float) else None


def _edge(kind: Kind, edge: float) -> Scalar:
    if kind is Kind.DATE:
        return (_FIRST_DAY + timedelta(days=int(edge))).isoformat()
    if kind is Kind.DATETIME:
        return (_FIRST_MOMENT + timedelta(microseconds=int(edge))).isoformat()
    return float(f"{edge:.12g}")


def _spellings(column: Column) -> tuple[tuple[str, int], ...]:
    """Return the texts that say "missing", the most common first."""
    if not len(column.missing):
        return ()
    missing = column.words.table.filter(pl.col("missing") & (pl.col("fitted") > 0))
    counts = missing.group_by("text").agg(pl.col("fitted").sum())
    top = counts.sort("fitted", "text", descending=[True, False]).head(_A_FEW)
    return tuple((text, times) for text, times in top.rows())


def _most_common(column: Column) -> tuple[tuple[str, int], ...]:
    """Return the most common values as text with their counts; equals in order of the text."""
    if column.kind is Kind.STRING:
        return _most_common_texts(column)
    if column.kind is Kind.BOOLEAN:
        yes = int(column.known.sum())
        pairs = [("true", yes), ("false", len(column.known) - yes)]
    elif column.kind is Kind.INTEGER and column.different <= MOST_COMMON:
        values, counts = np.unique(column.tally.values, return_counts=True)
        if column.tally.counts is not None:
            counts = column.tally.counts
        pairs = [(str(v), int(n)) for v, n in zip(values, counts, strict=True)]
    else:
        return ()
    return tuple(sorted((p for p in pairs if p[1]), key=lambda pair: (-pair[1], pair[0])))


def _most_common_texts(column: Column) -> tuple[tuple[str, int], ...]:
    many = column.different > MOST_COMMON
    if column.is_wide:
        cells = column.repeated["text"] if many else column.known.alias("text")
        counts = cells.value_counts(name="fitted")
    else:
        counts = column.words.table.select("text", "fitted").filter(pl.col("fitted") > 0)
    if many:
        # Values that stand once, such as names, say nothing about a column and much about people.
        counts = counts.filter(pl.col("fitted") > 1)
    top = counts.sort("fitted", "text", descending=[True, False])
    return tuple((text, times) for text, times in top.head(_A_FEW if many else MOST_COMMON).rows())
