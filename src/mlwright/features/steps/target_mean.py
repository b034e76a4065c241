"""The mean of the target for each category, or each combination of some; shrunk towards the mean.

``categories`` are keys (:mod:`mlwright.features.keys`), most frequent first; ``numbers`` the means
over all rows, then those of each key: one number, or one a class. A key that is rare or unseen has
the means over all rows. How strongly a category of few rows is drawn to them follows from how much
the target differs between categories and within: categories that tell nothing all have one number.

It reads the target, so that rows it learned from are prepared by means that leave them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Column
from mlwright.features.keys import codes_of, counted, key_of, keys_of
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value
from mlwright.features.truth import Truth, crossed

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 5_000  # each costs a text and its numbers in the package
_FEWEST_ROWS = 2
_MANY_ROWS = 100


def fit(columns: Sequence[pl.Series], sources: Sequence[Column], truth: Truth) -> FittedStep:
    """Return the step with the means of the categories that occur more than once."""
    keys = keys_of(columns)
    kept = counted(keys, least=_FEWEST_ROWS, most=MOST_CATEGORIES)
    codes = codes_of(keys, kept)
    indicators = truth.indicators()
    means = np.column_stack([_means(codes, each, len(kept)) for each in indicators.T])
    name = " & ".join(source.name for source in sources)
    ends = [""] if truth.width == 1 else [f"[{place}]" for place in range(truth.width)]
    first, *others = sources
    return FittedStep(
        "target_mean",
        first.name,
        first.kind,
        tuple(f"{name}:target{end}" for end in ends),
        tuple(means.reshape(-1).tolist()),
        tuple(kept),
        tuple(others),
    )


def transform_table(step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:
    """Return the means of each row's key."""
    means = np.array(step.numbers, dtype=np.float64).reshape(-1, len(step.outputs))
    codes = codes_of(keys_of(columns), step.categories)
    found: Matrix = means[np.where(codes == len(step.categories), 0, codes + 1)]
    return found


def transform_training(step: FittedStep, columns: Sequence[pl.Series], truth: Truth) -> Matrix:
    """Return the means for the rows that the step learned from, each from rows that it is not of.

    Which keys occur more than once is told by all rows: it says nothing of the target. A key of
    many rows keeps its one mean, in which a row's own target is next to nothing: five means that
    differ by chance would tell the rounds apart, and by them the targets.
    """
    groups = len(step.categories)
    codes = codes_of(keys_of(columns), step.categories)
    many = np.append(np.bincount(codes, minlength=groups + 1)[:groups] >= _MANY_ROWS, False)
    found = transform_table(step, columns)
    indicators = truth.indicators()
    for learning, places in crossed(truth):
        prepared = places[~many[codes[places]]]
        # A key that is not kept takes the mean of all.
        rows = np.where(codes[prepared] == groups, 0, codes[prepared] + 1)
        for place, y in enumerate(indicators.T):
            found[prepared, place] = _means(codes[learning], y[learning], groups)[rows]
    return found


def transform_value(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
    """Return the means of one row's key."""
    return means_of(step).get(key_of(values), step.numbers[: len(step.outputs)])


@lru_cache(maxsize=256)
def means_of(step: FittedStep) -> dict[str, tuple[float, ...]]:
    """Return the means of each key that has its own."""
    width = len(step.outputs)
    return {
        key: step.numbers[place * width : (place + 1) * width]
        for place, key in enumerate(step.categories, start=1)
    }


def _means(codes: NDArray[np.intp], y: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """Return the mean of all rows, then of each group, drawn to it by how little it tells."""
    # In units of the largest value where sums and squares of values could overflow.
    reach = float(np.max(np.abs(y))) if len(y) else 0.0
    unit = reach if reach > 1e100 else 1.0
    numbers = y / unit
    prior = float(np.mean(numbers)) if len(y) else 0.0
    counts = np.bincount(codes, minlength=groups + 1)[:groups].astype(np.float64)
    away = numbers - prior
    sums, squares = (
        np.bincount(codes, weights=each, minlength=groups + 1)[:groups].astype(np.float64)
        for each in (away, away * away)
    )
    weight = _prior_rows(counts, sums, squares)
    return (prior + np.concatenate([[0.0], sums / (counts + weight)])) * unit


def _prior_rows(
    counts: NDArray[np.float64], sums: NDArray[np.float64], squares: NDArray[np.float64]
) -> float:
    """Return how many rows the mean of all is worth beside a group's own.

    The variance within groups over that between them, as one-way analysis of variance estimates
    both; without bound where they do not differ more than chance makes them.
    """
    here = counts > 0
    counts, sums, squares = counts[here], sums[here], squares[here]
    rows, groups = float(np.sum(counts)), len(counts)
    if groups < 2 or rows <= groups:
        return float("inf")
    own = sums / counts
    within = max(float(np.sum(squares - sums * own)), 0.0) / (rows - groups)
    grand = float(np.sum(sums)) / rows
    between = float(np.sum(counts * (own - grand) ** 2)) / (groups - 1)
    usual = (rows - float(np.sum(counts * counts)) / rows) / (groups - 1)
    apart = (between - within) / usual
    return max(within / apart, 1.0) if apart > 0.0 else float("inf")
