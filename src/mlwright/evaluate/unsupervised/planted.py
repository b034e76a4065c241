"""Odd rows made of real ones: what is found of them tells what an anomaly model can see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mlwright.data.records import Column, Kind

MOVED_BY = 6.0
"""Standard deviations that a moved number lies from where it was."""

MOVED_CELLS = 2
_NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def mixed(frame: pl.DataFrame, inputs: Sequence[Column], seed: int) -> pl.DataFrame:
    """Return each row with about half of its cells from another: each is usual, together not."""
    draw = np.random.Generator(np.random.PCG64([seed, 1]))
    other = pl.Series((np.arange(frame.height) + frame.height // 2) % max(frame.height, 1))
    columns = []
    for column in inputs:
        series = frame[column.name]
        taken = pl.Series(draw.random(frame.height) < 0.5)
        columns.append(series.gather(other).zip_with(taken, series).alias(column.name))
    return frame.with_columns(columns)


def moved(frame: pl.DataFrame, inputs: Sequence[Column], seed: int) -> pl.DataFrame | None:
    """Return each row with a few numbers far from where they were; None where none is a number."""
    draw = np.random.Generator(np.random.PCG64([seed, 2]))
    numbers = [column for column in inputs if column.kind in _NUMBERS]
    if not numbers or not frame.height:
        return None
    count = min(MOVED_CELLS, len(numbers))
    places = np.argsort(draw.random((frame.height, len(numbers))), axis=1)[:, :count]
    signs = np.where(draw.random((frame.height, len(numbers))) < 0.5, -1.0, 1.0)
    columns = []
    for place, column in enumerate(numbers):
        series = frame[column.name]
        values = series.cast(pl.Float64).to_numpy()
        known = values[np.isfinite(values)]
        by = MOVED_BY * (float(known.std()) if len(known) else 0.0)
        away = values + by * signs[:, place] * (places == place).any(axis=1)
        if series.dtype.is_integer():
            away = np.round(away)
        changed = pl.Series(away, nan_to_null=True).cast(series.dtype, strict=False)
        columns.append(changed.alias(column.name))
    return frame.with_columns(columns)
