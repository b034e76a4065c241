"""Fit a preparation on training rows, and apply it to a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from mlwright.core.errors import FaultError
from mlwright.data.records import Column
from mlwright.features.catalogue import STEPS
from mlwright.features.columns import DATES, NUMERIC, reason_to_drop
from mlwright.features.numbers import Matrix, missing_in
from mlwright.features.records import FittedStep, Preparation
from mlwright.features.steps import date_cycle, date_parts, ordinal

if TYPE_CHECKING:
    import polars as pl

Recipe = Literal["tree", "linear"]


def known_recipe(name: str) -> Recipe:
    """Return a recipe by its name, refusing one that a plan of another version may ask for."""
    if name not in get_args(Recipe):
        raise FaultError(
            "recipe-unknown",
            f"this version cannot prepare features by the recipe {name!r}",
            fix="install the version of mlwright that made the plan, or plan anew: --replan",
            facts={"recipe": name},
            looked=list(get_args(Recipe)),
        )
    return cast("Recipe", name)


def fit(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    recipe: Recipe,
    drop: Collection[str] = (),
    *,
    time: str | None = None,
) -> Preparation:
    """Learn from training rows how each column becomes features.

    Parameters
    ----------
    frame
        The training rows, and nothing but them.
    columns
        The columns that may be features: all but the target.
    recipe
        ``tree`` keeps missing values as NaN and categories as codes; ``linear`` fills with the
        median beside an indicator, standardises, and spreads categories over columns.
    drop
        Columns that are no features.
    time
        The column that orders the rows: only what comes round again (hour, weekday, month, day
        of the year) is taken from it.
    """
    steps: list[FittedStep] = []
    inputs: list[Column] = []
    dropped: list[tuple[str, str]] = []
    for column in columns:
        series = frame[column.name]
        reason = "left out on request" if column.name in drop else reason_to_drop(series, column)
        fitted = () if reason else _STEPS_OF[recipe](series, column, column.name != time)
        if fitted:
            inputs.append(column)
            steps.extend(fitted)
        else:
            dropped.append((column.name, reason or "it only orders the rows in time"))
    distinct = _with_distinct_outputs(steps)
    return Preparation(
        recipe=recipe,
        inputs=tuple(inputs),
        steps=distinct,
        outputs=tuple(output for step in distinct for output in step.outputs),
        categorical=tuple(
            output for step in distinct if step.step == "ordinal" for output in step.outputs
        ),
        dropped=tuple(dropped),
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
        columns = STEPS[step.step].transform_table(step, frame[step.column])
        matrix[:, place : place + width] = columns
        place += width
    return matrix


def _tree_steps(series: pl.Series, column: Column, raw: bool) -> tuple[FittedStep, ...]:
    if column.kind in NUMERIC:
        return (STEPS["passthrough"].fit(series, column),)
    if column.kind in DATES:
        step = date_parts.fit(series, column, raw=raw)
        return (step,) if step.outputs else ()
    return (ordinal.fit(series, column),)


def _linear_steps(series: pl.Series, column: Column, raw: bool) -> tuple[FittedStep, ...]:
    missing = missing_in(series)
    steps: list[FittedStep] = []
    if column.kind in DATES:
        step = date_cycle.fit(series, column, raw=raw)
        steps += [step] if step.outputs else []
    elif series.filter(~missing).n_unique() > 1:
        name = "scale" if column.kind in NUMERIC else "one_hot"
        steps.append(STEPS[name].fit(series, column))
    if missing.any():
        steps.append(STEPS["indicator"].fit(series, column))
    return tuple(steps)


_STEPS_OF = {"tree": _tree_steps, "linear": _linear_steps}


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
