"""A table described column by column; it is given the rows outside the sealed test part only."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.digests import columns_of
from mlwright.data.records import Column, ColumnProfile, Kind, Profile, Scalar
from mlwright.data.table import Table

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Which quantiles a profile holds; each is a value of the column."""

MOST_COMMON = 50
"""Up to so many different values of a column are counted one by one; of more, a few of text."""

_A_FEW = 10

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_ORDERED = (*_NUMBERS, Kind.DATE, Kind.DATETIME)
_Numbers = npt.NDArray[np.float64]
_COUNTED = (Kind.STRING, Kind.BOOLEAN, Kind.INTEGER)


def profile(table: Table) -> Profile:
    """Return what a table holds: ranges, means, quantiles, how many differ, the most common."""
    frame = table.frame
    described = frame.select(
        pl.all().null_count().name.prefix("nulls "),
        pl.all().drop_nulls().n_unique().name.prefix("distinct "),
        pl.all().min().name.prefix("low "),
        pl.all().max().name.prefix("high "),
    ).row(0, named=True)
    columns = tuple(_described(frame[c.name], c, described) for c in columns_of(frame))
    return Profile(frame.height, columns)


def _described(series: pl.Series, column: Column, described: dict[str, object]) -> ColumnProfile:
    name, kind = column.name, column.kind
    ordered = kind in _ORDERED
    numbers = _finite(series) if kind in _NUMBERS else np.empty(0)
    distinct = int(str(described[f"distinct {name}"]))
    return ColumnProfile(
        name=name,
        kind=kind,
        rows=len(series),
        nulls=int(str(described[f"nulls {name}"])),
        distinct=distinct,
        low=_scalar(described[f"low {name}"]) if ordered else None,
        high=_scalar(described[f"high {name}"]) if ordered else None,
        mean=_mean(numbers),
        deviation=_deviation(numbers),
        quantiles=_quantiles(numbers),
        top=_most_common(series, distinct) if kind in _COUNTED else (),
    )


def _finite(series: pl.Series) -> _Numbers:
    values = series.drop_nulls().to_numpy().astype(np.float64)
    finite: _Numbers = values[np.isfinite(values)]
    return finite


def _mean(numbers: _Numbers) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return _rounded(float(numbers.mean())) if len(numbers) else None


def _deviation(numbers: _Numbers) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return _rounded(float(numbers.std(ddof=1))) if len(numbers) > 1 else None


def _rounded(value: float) -> float | None:
    """Return 12 digits: the last ones of a long sum differ between kinds of processor."""
    return float(f"{value:.12g}") if math.isfinite(value) else None


def _quantiles(numbers: _Numbers) -> tuple[float, ...]:
    if not len(numbers):
        return ()
    return tuple(np.quantile(numbers, QUANTILES, method="inverted_cdf").tolist())


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float) else None


def _most_common(series: pl.Series, distinct: int) -> tuple[tuple[str, int], ...]:
    """Return the most common values as text with their counts; equals in order of the text."""
    if distinct > MOST_COMMON and series.dtype != pl.String:
        return ()
    name, count = series.name, f"count of {series.name}"
    counts = series.drop_nulls().value_counts(name=count)
    if distinct > MOST_COMMON:
        # Values that stand once, such as names, say nothing about a column and much about people.
        least = counts[count].top_k(_A_FEW).min()
        counts = counts.filter((pl.col(count) > 1) & (pl.col(count) >= least))
    texts = counts.with_columns(pl.col(name).cast(pl.String))
    top = texts.sort(count, name, descending=[True, False])
    top = top.head(_A_FEW if distinct > MOST_COMMON else MOST_COMMON)
    return tuple((text, times) for text, times in top.rows())
