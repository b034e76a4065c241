"""One number by another: their ratio, product or difference, as ``categories`` name it.

NaN where one is missing, or where the result is no finite number (recipe for trees).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix, number_of, numbers_of
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl

SIGNS: Mapping[str, str] = {"ratio": "/", "product": "*", "difference": "-"}

_OF_TABLE: Mapping[str, Callable[[Matrix, Matrix], Matrix]] = {
    "ratio": lambda a, b: a / b,
    "product": lambda a, b: a * b,
    "difference": lambda a, b: a - b,
}
_OF_VALUE: Mapping[str, Callable[[float, float], float]] = {
    "ratio": lambda a, b: a / b if b else math.nan,
    "product": lambda a, b: a * b,
    "difference": lambda a, b: a - b,
}


def fit(name: str, sources: Sequence[Column]) -> FittedStep:
    """Return the step; there is nothing to learn."""
    first, second = sources
    output = f"{first.name} {SIGNS[name]} {second.name}"
    return FittedStep("arithmetic", first.name, first.kind, (output,), (), (name,), (second,))


def transform_table(step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:
    """Return one by the other, one output."""
    return of_numbers(step.categories[0], *(numbers_of(series) for series in columns))


def of_numbers(name: str, first: Matrix, second: Matrix) -> Matrix:
    """Return one output of two columns of numbers."""
    with np.errstate(all="ignore"):
        found = _OF_TABLE[name](first, second)
    return np.where(np.isfinite(found), found, math.nan).reshape(-1, 1)


def transform_value(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
    """Return one number by the other."""
    first, second = values
    found = _OF_VALUE[step.categories[0]](number_of(first), number_of(second))
    return (found if math.isfinite(found) else math.nan,)
