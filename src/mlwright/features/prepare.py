"""Fit a preparation on training rows, and apply it to a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import TARGET_STEPS, transform_columns
from mlwright.features.columns import reason_to_drop
from mlwright.features.numbers import Matrix
from mlwright.features.recipes import Given, Recipe, column_steps, joint_steps, known_recipe
from mlwright.features.records import FittedStep, Preparation
from mlwright.features.text import is_text
from mlwright.features.truth import Truth

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Recipe",
    "assembled",
    "fit",
    "known_recipe",
    "transform",
    "transform_training",
    "unusable",
]

_IN_TIME = "it only orders the rows in time"


def fit(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    recipe: Recipe,
    drop: Collection[str] = (),
    *,
    time: str | None = None,
    truth: Truth | None = None,
    text: Collection[str] = (),
    categories: Collection[str] = (),
) -> Preparation:
    """Learn from training rows how each column becomes features.

    Parameters
    ----------
    frame
        The training rows, and nothing but them.
    columns
        The columns that may be features: all but the target.
    recipe
        One of :data:`mlwright.features.recipes.Recipe`.
    drop
        Columns that are no features.
    time
        The column that orders the rows: only what comes round again (hour, weekday, month, day
        of the year) is taken from it.
    truth
        The target of the rows; without it, no step reads it.
    text, categories
        Columns of texts that are read word by word, and that are not, whatever they look like.
    """
    steps: list[FittedStep] = []
    why: dict[str, str] = {}
    usable: list[Given] = []
    for column in columns:
        series = frame[column.name]
        asked = column.name in drop
        reason = "left out on request" if asked else reason_to_drop(series, column)
        prose = not asked and _is_prose(series, column, text, categories)
        if reason and not prose:
            why[column.name] = reason
            continue
        given = Given(series, column, column.name != time, prose, reason is None, truth)
        fitted = column_steps(recipe, given)
        if fitted:
            usable.append(given)
            steps.extend(fitted)
        else:
            why[column.name] = _IN_TIME
    return assembled(recipe, columns, (*steps, *joint_steps(recipe, usable)), why)


def _is_prose(
    series: pl.Series, column: Column, text: Collection[str], categories: Collection[str]
) -> bool:
    if column.name in text:
        return column.kind is Kind.STRING
    return column.name not in categories and is_text(series, column)


def assembled(
    recipe: str, columns: Sequence[Column], steps: Sequence[FittedStep], why: Mapping[str, str]
) -> Preparation:
    """Return fitted steps as a preparation.

    ``why`` tells of columns that no step reads; the columns keep the order of the table.
    """
    distinct = _with_distinct_outputs(steps)
    read = {source.name for step in distinct for source in step.sources}
    return Preparation(
        recipe=recipe,
        inputs=tuple(column for column in columns if column.name in read),
        steps=distinct,
        outputs=tuple(output for step in distinct for output in step.outputs),
        categorical=tuple(
            output for step in distinct if step.step == "ordinal" for output in step.outputs
        ),
        dropped=tuple(
            (column.name, why[column.name]) for column in columns if column.name not in read
        ),
    )


def unusable(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    drop: Collection[str] = (),
    *,
    time: str | None = None,
) -> Mapping[str, str]:
    """Return why each column becomes no feature; nothing as soon as one does.

    The parameters are those of :func:`fit`.
    """
    reasons: dict[str, str] = {}
    for column in columns:
        found = fit(frame, [column], "tree", drop, time=time)
        if found.outputs:
            return {}
        reasons.update(found.dropped)
    return reasons


def transform(preparation: Preparation, frame: pl.DataFrame) -> Matrix:
    """Return the features of each row of a frame: float64, rows x outputs, C order."""
    matrix = np.empty((frame.height, len(preparation.outputs)))
    place = 0
    for step in preparation.steps:
        width = len(step.outputs)
        matrix[:, place : place + width] = transform_columns(step, frame)
        place += width
    return matrix


def transform_training(preparation: Preparation, frame: pl.DataFrame, truth: Truth) -> Matrix:
    """Return the features of the rows that a preparation was fitted on, to be learned from.

    A step that reads the target prepares no row from the row's own.
    """
    matrix = transform(preparation, frame)
    place = 0
    for step in preparation.steps:
        width = len(step.outputs)
        if step.step in TARGET_STEPS:
            columns = [frame[source.name] for source in step.sources]
            found = TARGET_STEPS[step.step].transform_training(step, columns, truth)
            matrix[:, place : place + width] = found
        place += width
    return matrix


def _with_distinct_outputs(steps: Sequence[FittedStep]) -> tuple[FittedStep, ...]:
    """Return the steps with outputs that differ: a column may be called like another's output."""
    taken: set[str] = set()
    renamed: list[FittedStep] = []
    for step in steps:
        outputs: list[str] = []
        for output in step.outputs:
            name, number = output, 1
            while name in taken:
                number += 1
                name = f"{output} ({number})"
            taken.add(name)
            outputs.append(name)
        renamed.append(replace(step, outputs=tuple(outputs)))
    return tuple(renamed)
