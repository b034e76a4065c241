"""What the words of a text say of the target, as one number, or one a class.

A ridge regression of the target on the weighed words and pairs of words. ``categories`` are the
terms, most frequent first; ``numbers`` the intercepts, the weights of an occurrence, and then, for
each term, what it adds to each output. A missing text, or one without a known term, has the
intercepts.

It reads the target, so that rows it learned from are prepared by regressions that leave them out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value
from mlwright.features.sparse_ridge import Sparse, ridge
from mlwright.features.text import phrases_of, places_of, vocabulary, weighed
from mlwright.features.truth import Truth, crossed

if TYPE_CHECKING:
    import polars as pl

MOST_TERMS = 10_000  # each costs a text and its numbers in the package
_FEWEST_ROWS = 2
_L2 = 2.0


def fit(columns: Sequence[pl.Series], sources: Sequence[Column], truth: Truth) -> FittedStep:
    """Return the step with the terms of the column and what they say of the target."""
    (series,), (source,) = columns, sources
    known = series.drop_nulls().to_list()
    words = vocabulary(known, phrases_of, least=_FEWEST_ROWS, most=MOST_TERMS)
    sparse = _sparse(series, words.terms, words.weights)
    intercepts, slopes = _learned(sparse, truth)
    ends = [""] if truth.width == 1 else [f"[{place}]" for place in range(truth.width)]
    return FittedStep(
        "text_score",
        source.name,
        source.kind,
        tuple(f"{source.name}:says{end}" for end in ends),
        (*intercepts.tolist(), *words.weights, *slopes.reshape(-1).tolist()),
        words.terms,
    )


def transform_table(step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:
    """Return what each text says."""
    says = compiled(step)
    rows = [says(text) for text in columns[0].to_list()]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(step.outputs))


def transform_training(step: FittedStep, columns: Sequence[pl.Series], truth: Truth) -> Matrix:
    """Return what each text says to a regression that did not see its target.

    Which words there are is told by all rows: it says nothing of the target.
    """
    sparse = _sparse(columns[0], step.categories, _parts(step)[1])
    found = np.empty((len(columns[0]), len(step.outputs)))
    for learning, prepared in crossed(truth):
        intercepts, slopes = _learned(sparse.of(learning), truth.of(learning))
        found[prepared] = sparse.of(prepared).times(slopes) + intercepts
    return found


def transform_value(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
    """Return what one text says."""
    return compiled(step)(values[0])


def compiled(step: FittedStep) -> Callable[[Value], tuple[float, ...]]:
    """Return the function from a text to what it says."""
    width, places = len(step.outputs), places_of(step.categories)
    intercepts, weights, slopes = _parts(step)
    of_term = [slopes[place : place + width] for place in range(0, len(slopes), width)]

    def says(value: Value) -> tuple[float, ...]:
        sums = list(intercepts)
        if isinstance(value, str):
            for place, weight in weighed(value, phrases_of, places, weights):
                for output, slope in enumerate(of_term[place]):
                    sums[output] += weight * slope
        return tuple(sums)

    return says


def _parts(step: FittedStep) -> tuple[tuple[float, ...], ...]:
    """Return the intercepts, the weights of an occurrence, and what each term adds."""
    width = len(step.outputs)
    end = width + len(step.categories)
    return step.numbers[:width], step.numbers[width:end], step.numbers[end:]


def _sparse(series: pl.Series, terms: tuple[str, ...], weights: Sequence[float]) -> Sparse:
    places = places_of(terms)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, text in enumerate(series.to_list()):
        for place, weight in weighed(text or "", phrases_of, places, weights):
            rows.append(row)
            columns.append(place)
            values.append(weight)
    return Sparse(
        np.array(rows, dtype=np.intp),
        np.array(columns, dtype=np.intp),
        np.array(values, dtype=np.float64),
        (len(series), len(terms)),
    )


def _learned(sparse: Sparse, truth: Truth) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return an intercept for each output, and terms x outputs."""
    intercepts, slopes = [], []
    for y in truth.indicators().T:
        # In units of the largest value where sums and squares of values could overflow.
        reach = float(np.max(np.abs(y))) if len(y) else 0.0
        unit = reach if math.isfinite(reach) and reach > 0.0 else 1.0
        intercept, slope = ridge(sparse, y / unit, _L2)
        intercepts.append(intercept * unit)
        slopes.append(slope * unit)
    return np.array(intercepts), np.column_stack(slopes)
