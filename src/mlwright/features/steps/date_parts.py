"""A date as its parts, each a whole number; missing is NaN (recipe for trees).

``categories`` name the parts, in the order of the outputs: ``days`` (since 1970) and those of
:data:`mlwright.features.calendar.CYCLES`.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.calendar import part_of, parts_of, varied_parts
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl


def fit(series: pl.Series, column: Column, *, raw: bool = True) -> FittedStep:
    """Return the step with the parts that vary; without ``raw``, only those that come round."""
    parts = varied_parts(series, raw=raw)
    outputs = tuple(f"{column.name}:{part}" for part in parts)
    return FittedStep("date_parts", column.name, column.kind, outputs, (), parts)


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return one output for each part."""
    matrix = np.empty((len(series), len(step.categories)))
    for place, part in enumerate(step.categories):
        matrix[:, place] = parts_of(part, series)
    return matrix


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the parts of one date."""
    if not isinstance(value, date):
        return (math.nan,) * len(step.categories)
    return tuple(float(part_of(part, value)) for part in step.categories)
