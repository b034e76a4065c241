"""Tables asked for what is not in them: one column shuffled, or the same value in every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from mlwright.stats.counts import FloatArray, IntArray

Answers = Callable[[pl.DataFrame], FloatArray]
"""Answers a table's rows: float64, rows x outputs."""


def shuffled(frame: pl.DataFrame, column: str, orders: Sequence[IntArray]) -> pl.DataFrame:
    """Return a table once for each order, one column's cells in that order."""
    cells = frame[column].gather(np.concatenate(orders))
    return pl.concat([frame] * len(orders)).with_columns(cells)


def set_to(frame: pl.DataFrame, values: pl.Series) -> pl.DataFrame:
    """Return a table once for each value, the column of its name set to it in every row."""
    places = np.repeat(np.arange(len(values)), frame.height)
    return pl.concat([frame] * len(values)).with_columns(values.gather(places))


def some_rows(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return at most so many rows, evenly drawn from the whole length of a table."""
    count = frame.height
    return frame if count <= most else frame[np.arange(most, dtype=np.intp) * count // most]
