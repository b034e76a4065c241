"""Noise: every number becomes one of the values around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlwright.evaluate.robustness.changes.numbers import number_columns
from mlwright.evaluate.robustness.subject import Subject

WIDTH = 0.05
"""The share of all values among which a number may move, half of it below and half above."""

SAID = f"every number is one of the {WIDTH:.0%} of values around it"


def noise(subject: Subject) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Yield the rows with all numbers moved by rank, so that each stays a value that occurs.

    A value that fills a good part of its column, such as a nought for no gain, mostly stays.
    """
    names = number_columns(subject.inputs)
    if names:
        moved = [_moved(subject.rows[name], subject.generator(name)) for name in names]
        yield None, subject.rows.with_columns(moved)


def _moved(series: pl.Series, generator: np.random.Generator) -> pl.Series:
    known = series.drop_nulls() if not series.dtype.is_float() else series.drop_nulls().drop_nans()
    if not len(known):
        return series
    ordered = known.sort()
    values, cells = ordered.to_numpy(), series.to_numpy()
    # An equal value stands at any of its places, so that runs of it are rarely left.
    first = np.searchsorted(values, cells, side="left")
    last = np.searchsorted(values, cells, side="right")
    place = first + (generator.random(len(cells)) * np.maximum(last - first, 1)).astype(np.intp)
    reach = WIDTH * len(values) / 2
    step = np.rint((2 * generator.random(len(cells)) - 1) * reach).astype(np.intp)
    near = ordered.gather(np.clip(place + step, 0, len(values) - 1))
    missing = series.is_null() if not series.dtype.is_float() else ~series.is_finite()
    return near.zip_with(~missing.fill_null(value=True), series).alias(series.name)
