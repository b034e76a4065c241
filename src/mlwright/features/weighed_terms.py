"""Steps whose outputs are the weights of a text's terms: one a term of a vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.categories import least_count
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value
from mlwright.features.text import Terms, places_of, vocabulary, weighed

if TYPE_CHECKING:
    import polars as pl


def fit_terms(
    name: str, series: pl.Series, column: Column, terms_of: Terms, *, most: int
) -> FittedStep:
    """Return a step with the most frequent terms of a column."""
    known = series.drop_nulls().to_list()
    found = vocabulary(known, terms_of, least=least_count(len(known)), most=most)
    outputs = tuple(f"{column.name}:{name}:{term}" for term in found.terms)
    return FittedStep(name, column.name, column.kind, outputs, found.weights, found.terms)


def compiled(step: FittedStep, terms_of: Terms) -> Callable[[Value], tuple[float, ...]]:
    """Return the function from a text to the weights of its terms."""
    places, weights, width = places_of(step.categories), step.numbers, len(step.outputs)

    def outputs(value: Value) -> tuple[float, ...]:
        found = [0.0] * width
        if isinstance(value, str):
            for place, weight in weighed(value, terms_of, places, weights):
                found[place] = weight
        return tuple(found)

    return outputs


def table_of(step: FittedStep, series: pl.Series, terms_of: Terms) -> Matrix:
    """Return the weights of the terms of each text."""
    outputs = compiled(step, terms_of)
    matrix = np.empty((len(series), len(step.outputs)))
    for row, text in enumerate(series.to_list()):
        matrix[row] = outputs(text)
    return matrix
