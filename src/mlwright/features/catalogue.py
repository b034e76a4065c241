"""The catalogue of feature steps, and what every step can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from mlwright.data.records import Column
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Preparation, Value
from mlwright.features.steps import (
    arithmetic,
    bins,
    characters,
    date_cycle,
    date_parts,
    elapsed,
    frequency,
    from_group,
    indicator,
    lengths,
    log,
    one_hot,
    ordinal,
    passthrough,
    scale,
    target_mean,
    text_score,
    words,
)
from mlwright.features.truth import Truth

if TYPE_CHECKING:
    import polars as pl


class Step(Protocol):
    """A module of ``features/steps`` that reads one column.

    The universal promise, held by a test over the whole catalogue: ``transform_value`` gives for
    each cell the bits that ``transform_table`` gives for its row.
    """

    def fit(self, series: pl.Series, column: Column) -> FittedStep:
        """Learn from training rows."""

    def transform_table(self, step: FittedStep, series: pl.Series) -> Matrix:
        """Return rows x outputs for a column."""

    def transform_value(self, step: FittedStep, value: Value) -> tuple[float, ...]:
        """Return the outputs for one cell, in plain Python."""


class WideStep(Protocol):
    """A module of ``features/steps`` that reads several columns, with the promise of :class:`Step`.

    Columns and cells are given in the order of the step's ``sources``.
    """

    def transform_table(self, step: FittedStep, columns: Sequence[pl.Series]) -> Matrix:
        """Return rows x outputs for the columns."""

    def transform_value(self, step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
        """Return the outputs for one row's cells, in plain Python."""


class TargetStep(WideStep, Protocol):
    """A step that reads the target of the training rows.

    What it makes of a row it learned from would tell the row's own target: such rows are prepared
    by ``transform_training``, from rows that they are not among.
    """

    def fit(
        self, columns: Sequence[pl.Series], sources: Sequence[Column], truth: Truth
    ) -> FittedStep:
        """Learn from training rows and their target."""

    def transform_training(
        self, step: FittedStep, columns: Sequence[pl.Series], truth: Truth
    ) -> Matrix:
        """Return rows x outputs for the very rows it was fitted on."""


STEPS: Mapping[str, Step] = {
    "bins": bins,
    "characters": characters,
    "date_cycle": date_cycle,
    "date_parts": date_parts,
    "frequency": frequency,
    "indicator": indicator,
    "lengths": lengths,
    "log": log,
    "one_hot": one_hot,
    "ordinal": ordinal,
    "passthrough": passthrough,
    "scale": scale,
    "words": words,
}

TARGET_STEPS: Mapping[str, TargetStep] = {"target_mean": target_mean, "text_score": text_score}

WIDE_STEPS: Mapping[str, WideStep] = {
    "arithmetic": arithmetic,
    "elapsed": elapsed,
    "from_group": from_group,
    **TARGET_STEPS,
}


def transform_columns(step: FittedStep, frame: pl.DataFrame) -> Matrix:
    """Return rows x outputs of a fitted step for a table."""
    if step.step in WIDE_STEPS:
        columns = [frame[source.name] for source in step.sources]
        return WIDE_STEPS[step.step].transform_table(step, columns)
    return STEPS[step.step].transform_table(step, frame[step.column])


def transform_cells(step: FittedStep, values: Sequence[Value]) -> tuple[float, ...]:
    """Return the outputs of a fitted step for one row's cells, in the order of its sources."""
    if step.step in WIDE_STEPS:
        return WIDE_STEPS[step.step].transform_value(step, values)
    return STEPS[step.step].transform_value(step, values[0])


def transform_row(preparation: Preparation, row: Mapping[str, Value]) -> tuple[float, ...]:
    """Return one row's outputs, equal to those of :func:`mlwright.features.prepare.transform`."""
    outputs: list[float] = []
    for step in preparation.steps:
        outputs.extend(transform_cells(step, [row[source.name] for source in step.sources]))
    return tuple(outputs)
