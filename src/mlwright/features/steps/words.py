"""The frequent words and pairs of words of a text, weighed by how rare they are (TF-IDF).

``categories`` are the terms, most frequent first, ``numbers`` the weights of an occurrence. The
outputs of a text have the length 1; a missing text, or one without a known term, is 0 everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value
from mlwright.features.text import phrases_of
from mlwright.features.weighed_terms import compiled, fit_terms, table_of

if TYPE_CHECKING:
    import polars as pl

MOST_TERMS = 150  # each costs a column of the matrix


def fit(series: pl.Series, column: Column, *, most: int = MOST_TERMS) -> FittedStep:
    """Return the step with the terms of the column."""
    return fit_terms("words", series, column, phrases_of, most=most)


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the weights of the terms of each text."""
    return table_of(step, series, phrases_of)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the weights of the terms of one text."""
    return compiled(step, phrases_of)(value)
