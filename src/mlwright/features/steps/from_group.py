"""How far a number is from the mean of its category's training rows; NaN where it is missing.

The first column names the category, the second is the number. ``categories`` are keys
(:mod:`mlwright.features.keys`), most frequent first; ``numbers`` the mean of all rows, then of each
key's. A rare or unseen category has the mean of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.keys import codes_of, counted, key_of, keys_of
from mlwright.features.numbers import Matrix, number_of, numbers_of
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 1_000  # each costs a text and a number in the package
_FEWEST_ROWS = 5


def fit(columns: Sequence[pl.Series], sources: Sequence[Column]) -> FittedStep:
    """Return the step with the mean of each category that is frequent enough."""
    keys = keys_of(columns[:1])
    kept = counted(keys, least=_FEWEST_ROWS, most=MOST_CATEGORIES)
    numbers = numbers_of(columns[1])
    finite = np.isfinite(numbers)
    # In units of the largest value where sums could overflow.
    reach = float(np.max(np.abs(numbers[finite]))) if finite.any() else 0.0
    unit = reach if reach > 1e100 else 1.0
    codes = codes_of(keys, kept)[finite]
    known = numbers[finite] / unit
    mean = float(np.mean(known)) if len(known) else 0.0
    counts = np.bincount(codes, minlength=len(kept) + 1)[: len(kept)]
    sums = np.bincount(codes, weights=known, minlength=len(kept) + 1)[: len(kept)]
    means = np.where(counts > 0, sums / np.maximum(counts, 1), mean)
    group, number = sources
    return FittedStep(
        "from_group",
        group.name,
        group.kind,
        (f"{number.name} from its mean by {group.name}",),
        tuple((np.concatenate([[mean], means]) * unit).tolist()),
        tuple(kept),
        (number,),
    )


def transform_table(step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:
    """Return how far each number is from its category's mean, one output."""
    means = np.array(step.numbers, dtype=np.float64)
    codes = codes_of(keys_of(columns[:1]), step.categories)
    with np.errstate(all="ignore"):
        found = numbers_of(columns[1]) - means[np.where(codes == len(means) - 1, 0, codes + 1)]
    return np.where(np.isfinite(found), found, math.nan).reshape(-1, 1)


def transform_value(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
    """Return how far a number is from its category's mean."""
    found = number_of(values[1]) - means_of(step).get(key_of(values[:1]), step.numbers[0])
    return (found if math.isfinite(found) else math.nan,)


@lru_cache(maxsize=256)
def means_of(step: FittedStep) -> dict[str, float]:
    """Return the mean of each key that has its own."""
    return dict(zip(step.categories, step.numbers[1:], strict=True))
