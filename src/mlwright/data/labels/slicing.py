"""A table cut into slices: few values of each column, by which label rates are held together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from mlwright.data.records import Scalar
from mlwright.data.rows import as_text
from mlwright.data.table import Table
from mlwright.stats.slices import RateShift, SlicedColumn, shifted_slices

_MOST_VALUES = 10
_BINS = 6
_MOST_DISTINCT = 0.5
"""The share of different values from which a column of texts names rows rather than groups."""


def sliced(frame: pl.DataFrame, target: str, first: int) -> tuple[SlicedColumn, ...]:
    """Return the columns of a table cut into few values, the target left out.

    A number is cut where sixths of the ``first`` rows end; of texts, dates and small numbers the
    ten most frequent values are slices, and a column that names rows is left out.
    """
    return tuple(_sliced(frame, target, first))


def _sliced(frame: pl.DataFrame, target: str, first: int) -> Iterator[SlicedColumn]:
    for name in frame.columns:
        series = frame[name]
        if name == target or series.dtype == pl.Datetime:
            continue
        if series.dtype.is_numeric() and series.n_unique() > _MOST_VALUES:
            yield _binned(series, first)
            continue
        texts = as_text(series)
        counts = texts.drop_nulls().rename("value").value_counts(name="rows")
        if counts.height <= max(_MOST_VALUES, _MOST_DISTINCT * len(series)):
            yield _most_frequent(texts, counts.sort("rows", "value", descending=[True, False]))


def _binned(series: pl.Series, first: int) -> SlicedColumn:
    values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = values[:first][np.isfinite(values[:first])]
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    ends = np.unique(np.quantile(known, inner)) if len(known) else np.empty(0)
    codes = np.searchsorted(ends, values, side="left").astype(np.intp)
    names = [f"up to {end:.6g}" for end in ends]
    over = f"over {ends[-1]:.6g}" if len(ends) else "any"
    between = [f"{low:.6g} to {high:.6g}" for low, high in pairwise(ends)]
    words = (*names[:1], *between, over)
    return SlicedColumn(series.name, np.where(np.isnan(values), -1, codes), words)


def _most_frequent(texts: pl.Series, counts: pl.DataFrame) -> SlicedColumn:
    values = counts["value"][:_MOST_VALUES].to_list()
    numbers = list(range(len(values)))
    found = texts.replace_strict(values, numbers, default=-1, return_dtype=pl.Int64)
    codes = found.fill_null(-1).to_numpy().astype(np.intp)
    return SlicedColumn(texts.name, codes, tuple(values))


def moved_rates(
    earlier: Table, later: Table, target: str, classes: Sequence[Scalar]
) -> tuple[int, tuple[tuple[Scalar, RateShift], ...]]:
    """Return the slices in which a class is rarer or more frequent than in an earlier table.

    Compared are the rows that came since, or all where none did, by the columns both have; also
    how many rows that is. Of two classes one is looked at, for the other mirrors it.
    """
    fresh = later.row_ids.is_in(earlier.row_ids.implode()).not_()
    rows = (later.filter(fresh) if fresh.any() else later).frame
    kinds = rows.schema
    shared = [name for name, kind in earlier.frame.schema.items() if kinds.get(name) == kind]
    if target not in shared:
        return rows.height, ()
    both = pl.concat([earlier.frame.select(shared), rows.select(shared)])
    known = both[target].is_not_null()
    told = both.filter(known)
    first = int(known[: earlier.frame.height].sum())
    columns = sliced(told, target, first)
    is_later = np.arange(told.height) >= first
    looked = classes[1:] if len(classes) == 2 else classes
    found = [
        (each, shift)
        for each in looked
        for shift in shifted_slices(columns, (told[target] == each).to_numpy(), is_later)
    ]
    return rows.height, tuple(found)
