"""Which texts of a column are frequent enough to be a category of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def frequent(series: pl.Series, most: int) -> tuple[str, ...]:
    """Return at most ``most`` frequent texts of a column, most frequent first, ties by text."""
    texts = series.drop_nulls()
    least = least_count(len(texts))
    counted = texts.value_counts(name="rows")
    pairs = zip(counted.to_series(0).to_list(), counted["rows"].to_list(), strict=True)
    kept = sorted((-rows, text) for text, rows in pairs if rows >= least)
    return tuple(text for _, text in kept[:most])


def least_count(rows: int) -> int:
    """Return how many rows a text needs to be a category: 10, fewer in a small table.

    >>> least_count(100), least_count(1_000), least_count(1_000_000)
    (2, 5, 10)
    """
    return min(10, max(2, rows // 200))
