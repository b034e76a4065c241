"""The frequent runs of three and four characters of a text, weighed by how rare they are (TF-IDF).

``categories`` are the runs, most frequent first, ``numbers`` the weights of an occurrence. The
outputs of a text have the length 1; a missing text, or one without a known run, is 0 everywhere.
Runs tell what words do not: endings, titles, parts of codes, misspellings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value
from mlwright.features.text import runs_of
from mlwright.features.weighed_terms import compiled, fit_terms, table_of

if TYPE_CHECKING:
    import polars as pl

MOST_TERMS = 150  # each costs a column of the matrix


def fit(series: pl.Series, column: Column) -> FittedStep:
    """Return the step with the runs of the column."""
    return fit_terms("characters", series, column, runs_of, most=MOST_TERMS)


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the weights of the runs of each text."""
    return table_of(step, series, runs_of)


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the weights of the runs of one text."""
    return compiled(step, runs_of)(value)
