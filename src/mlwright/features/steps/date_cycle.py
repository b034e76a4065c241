"""A date as points on circles, and as scaled days; missing is 0 (recipe for linear models).

``categories`` name the parts; each part that comes round has two outputs (sine, cosine), whole
days one. ``numbers`` are the mean and the standard deviation of the days.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column
from mlwright.features.calendar import CYCLES, part_of, parts_of, varied_parts
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Value

if TYPE_CHECKING:
    import polars as pl


def _circle(period: int) -> tuple[tuple[float, float], ...]:
    # Rounded, because the last bits of sin and cos differ between mathematical libraries.
    angles = (2 * math.pi * place / period for place in range(period))
    return tuple((round(math.sin(a), 12) + 0.0, round(math.cos(a), 12) + 0.0) for a in angles)


_CIRCLES = {name: _circle(period) for name, period in CYCLES.items()}


def fit(series: pl.Series, column: Column, *, raw: bool = True) -> FittedStep:
    """Return the step with the parts that vary; without ``raw``, only those that come round."""
    parts = varied_parts(series, raw=raw)
    outputs: list[str] = []
    for part in parts:
        ends = ("",) if part == "days" else (":sin", ":cos")
        outputs.extend(f"{column.name}:{part}{end}" for end in ends)
    days = parts_of("days", series.drop_nulls())
    mean = float(np.mean(days)) if len(days) else 0.0
    deviation = float(np.std(days)) if len(days) else 0.0
    return FittedStep(
        "date_cycle",
        column.name,
        column.kind,
        tuple(outputs),
        (mean, deviation if deviation > 0.0 else 1.0),
        parts,
    )


def transform_table(step: FittedStep, series: pl.Series) -> Matrix:
    """Return the points of each date."""
    mean, deviation = step.numbers
    present = ~series.is_null().to_numpy()
    known = series.drop_nulls()
    matrix = np.zeros((len(series), len(step.outputs)))
    place = 0
    for part in step.categories:
        numbers = parts_of(part, known)
        if part == "days":
            matrix[present, place] = (numbers - mean) / deviation
            place += 1
        else:
            points = np.array(_CIRCLES[part])[numbers.astype(np.int64)]
            matrix[present, place : place + 2] = points
            place += 2
    return matrix


def transform_value(step: FittedStep, value: Value) -> tuple[float, ...]:
    """Return the points of one date."""
    if not isinstance(value, date):
        return (0.0,) * len(step.outputs)
    mean, deviation = step.numbers
    outputs: list[float] = []
    for part in step.categories:
        number = part_of(part, value)
        if part == "days":
            outputs.append((number - mean) / deviation)
        else:
            outputs.extend(_CIRCLES[part][number])
    return tuple(outputs)
