"""Missing: one column at a time holds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.evaluate.robustness.subject import Subject

SAID = "one column is missing"


def missing(subject: Subject) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Yield the rows without the values of each column in turn."""
    for column in subject.inputs:
        nothing = pl.lit(None, subject.rows.schema[column.name]).alias(column.name)
        yield column.name, subject.rows.with_columns(nothing)
