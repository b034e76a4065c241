"""Far: one column at a time lies far outside what it ever held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlwright.evaluate.robustness.changes.numbers import like, number_columns
from mlwright.evaluate.robustness.subject import Subject
from mlwright.features.numbers import numbers_of

SAID = "one column lies as far outside its range as the range is wide"


def out_of_range(subject: Subject) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Yield the rows with each column of numbers far below and far above all that it held."""
    for name in number_columns(subject.inputs):
        series = subject.rows[name]
        known = numbers_of(series)
        known = known[np.isfinite(known)]
        if not len(known):
            continue
        low, high = float(known.min()), float(known.max())
        width = (high - low) or max(abs(high), 1.0)
        for value in (low - width, high + width):
            if np.isfinite(value):
                far = like(series, np.full(len(series), value))
                yield name, subject.rows.with_columns(far)
