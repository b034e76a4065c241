"""Unit: one column at a time is given in another unit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mlwright.evaluate.robustness.changes.numbers import like, number_columns
from mlwright.evaluate.robustness.subject import Subject
from mlwright.features.numbers import numbers_of

FACTORS = (100.0, 0.01)
SAID = "one column is given in another unit, a hundred times as large or as small"


def unit(subject: Subject) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Yield the rows with each column of numbers times a factor."""
    for name in number_columns(subject.inputs):
        series = subject.rows[name]
        for factor in FACTORS:
            with np.errstate(over="ignore"):  # infinite, as in a table of such numbers
                changed = like(series, numbers_of(series) * factor)
            yield name, subject.rows.with_columns(changed)
