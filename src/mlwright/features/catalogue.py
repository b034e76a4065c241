"""The catalogue of feature steps, and what every step can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Preparation, Value
from mlwright.features.steps import (
    date_cycle,
    date_parts,
    indicator,
    one_hot,
    ordinal,
    passthrough,
    scale,
)

if TYPE_CHECKING:
    import polars as pl


class Step(Protocol):
    """A module of ``features/steps``.

    The universal promise, held by a test over the whole catalogue: ``transform_value`` gives for
    each cell the bits that ``transform_table`` gives for its row.
    """

    def fit(self, series: pl.Series, column: Column) -> FittedStep:
        """Learn from training rows."""

    def transform_table(self, step: FittedStep, series: pl.Series) -> Matrix:
        """Return rows x outputs for a column."""

    def transform_value(self, step: FittedStep, value: Value) -> tuple[float, ...]:
        """Return the outputs for one cell, in plain Python."""


STEPS: Mapping[str, Step] = {
    "date_cycle": date_cycle,
    "date_parts": date_parts,
    "indicator": indicator,
    "one_hot": one_hot,
    "ordinal": ordinal,
    "passthrough": passthrough,
    "scale": scale,
}


def transform_row(preparation: Preparation, row: Mapping[str, Value]) -> tuple[float, ...]:
    """Return one row's outputs, equal to those of :func:`mlwright.features.prepare.transform`."""
    outputs: list[float] = []
    for step in preparation.steps:
        outputs.extend(STEPS[step.step].transform_value(step, row[step.column]))
    return tuple(outputs)
