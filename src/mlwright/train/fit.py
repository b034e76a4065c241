"""Fit one configuration on rows: preparation and predictor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import fit as fit_preparation
from mlwright.features.prepare import transform, transform_training
from mlwright.features.recipes import Recipe, known_recipe
from mlwright.features.records import Preparation
from mlwright.features.truth import Truth
from mlwright.stats.metrics import level_of
from mlwright.train import blend
from mlwright.train.algorithms.foreign import OWN
from mlwright.train.algorithms.problem import Learned, Problem, Rows
from mlwright.train.calibration import Calibration, of_parameters
from mlwright.train.catalogue import ALGORITHMS
from mlwright.train.enriching import enriched
from mlwright.train.evening import FOLDS, THRESHOLDS, levelled, weights_for
from mlwright.train.own.content import ALGORITHM as FOREIGN
from mlwright.train.own.process import Hear
from mlwright.train.portfolio import DUMMY
from mlwright.train.records import Configuration, Fitted, OwnModel, Plan, Task
from mlwright.train.rounds import numbered_units, rounds_of
from mlwright.train.target import labelled, rows_of, target_values
from mlwright.train.unsupervised.catalogue import UNSUPERVISED
from mlwright.train.weighing import both, row_weights

if TYPE_CHECKING:
    import polars as pl

_SEEDS = 2**32


def fit(
    table: Table,
    configuration: Configuration,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    *,
    hear: Hear | None = None,
) -> Fitted:
    """Return a configuration fitted on all rows of a table that have a target.

    Where no column can be a feature, the dummy is fitted in its place.

    Parameters
    ----------
    drop
        Columns that are no features.
    hear
        Hears what a model of the user's own tells while it is fitted.
    """
    known = labelled(table, task.target)
    fitted = _fit(known, configuration, task, plan, drop, hear)
    if task.evening is None or task.evening.how != THRESHOLDS:
        return fitted
    y = target_values(known.frame, task)
    return levelled(fitted, known, y, _held_out(known, configuration, task, plan, drop), task)


def _held_out(
    known: Table, configuration: Configuration, task: Task, plan: Plan, drop: Collection[str]
) -> Matrix:
    """Return answers to each row of models that did not learn from it, to set limits by."""
    found = np.full((len(known.row_ids), len(task.classes)), np.nan)
    rounds = rounds_of(known, task, FOLDS, seed=plan.seed, unit=plan.unit, time=None)
    for fitting, judging in rounds:
        fitted = _fit(rows_of(known, fitting), configuration, task, plan, drop)
        found[judging] = answers(fitted, known.frame[judging], threads=plan.threads)
    return found


def _fit(
    known: Table,
    configuration: Configuration,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    hear: Hear | None = None,
) -> Fitted:
    if configuration.members:
        return _fit_blend(known, configuration, task, plan, drop)
    preparation, rows = prepare_rows(
        known, recipe_of(configuration), task, plan.time, drop, unit=plan.unit
    )
    used = configuration if preparation.outputs else DUMMY
    content = learn(rows, used, preparation, task, plan, None, hear).content
    asked = of_parameters(configuration.parameters)
    if asked is not None and blend.can_blend(content):
        content = blend.stretched(
            content,
            features=len(preparation.outputs),
            classes=len(task.classes),
            stretch=asked.stretch,
            shift=asked.shift,
        )
    return Fitted(used, task, preparation, content)


def _fit_blend(
    known: Table, configuration: Configuration, task: Task, plan: Plan, drop: Collection[str]
) -> Fitted:
    """Fit each member on all rows, as often as it says, and join them."""
    prepared: dict[Recipe, tuple[Preparation, Rows]] = {}
    parts: list[blend.Part] = []
    asked = of_parameters(configuration.parameters) or Calibration(1.0, 0.0)
    for member in configuration.members:
        recipe = recipe_of(member.configuration)
        if recipe not in prepared:
            prepared[recipe] = prepare_rows(known, recipe, task, plan.time, drop, unit=plan.unit)
        preparation, rows = prepared[recipe]
        if not preparation.outputs:
            return _fit(known, DUMMY, task, plan, drop)
        for number in range(member.fits):
            seeded = replace(plan, seed=(plan.seed + number) % _SEEDS)
            learned = learn(rows, member.configuration, preparation, task, seeded, None)
            weight = asked.stretch * member.weight / member.fits
            parts.append(blend.Part(preparation, learned.content, weight))
    intercept = float(configuration.parameters.get("intercept", 0.0)) + asked.shift
    union, content = blend.joined(parts, classes=len(task.classes), intercept=intercept)
    return Fitted(configuration, task, union, content)


def answers(fitted: Fitted, frame: pl.DataFrame, *, threads: int = 1) -> Matrix:
    """Return a fitted model's answers for each row: rows x classes, or rows x 1.

    Meant for judging during the search; what is served is the compiled plan of ``scoring``.
    """
    X = transform(fitted.preparation, frame)
    if fitted.configuration.algorithm in UNSUPERVISED:
        return UNSUPERVISED[fitted.configuration.algorithm].answer(fitted.content, X)
    problem = _problem(fitted.configuration, fitted.preparation, fitted.task, 0, threads)
    if fitted.configuration.members:
        return blend.answer(fitted.content, X, problem)
    algorithm = ALGORITHMS[fitted.configuration.algorithm]
    return algorithm.answer(fitted.content, X, problem)


def recipe_of(configuration: Configuration) -> Recipe:
    """Return how a configuration's algorithm wants its features."""
    asked = configuration.recipe
    return ALGORITHMS[configuration.algorithm].RECIPE if asked is None else known_recipe(asked)


def prepare_rows(
    table: Table,
    recipe: Recipe,
    task: Task,
    time: str | None,
    drop: Collection[str],
    *,
    unit: str | None = None,
) -> tuple[Preparation, Rows]:
    """Return the preparation of a recipe, fitted on a table's rows, and the rows as it fits them.

    The rows are those an algorithm learns from: where a step reads the target, what it makes of a
    row here did not see that row's own, nor that of another row of its ``unit``.
    """
    columns = [column for column in columns_of(table.frame) if column.name != task.target]
    units = numbered_units(table, unit)
    truth = Truth(target_values(table.frame, task), len(task.classes), time is not None, units)
    preparation = fit_preparation(
        table.frame,
        columns,
        recipe,
        drop,
        time=time,
        truth=truth,
        text=task.text or (),
        categories=task.categories or (),
    )
    X = transform_training(preparation, table.frame, truth)
    if recipe == "rich":
        preparation = enriched(preparation, X, table.frame, truth)
        X = transform_training(preparation, table.frame, truth)
    weight = both(weights_for(table.frame, truth.values, task), row_weights(table.frame, task))
    return preparation, Rows(X, truth.values, weight, frame=table.frame)


def rows_prepared(preparation: Preparation, table: Table, task: Task) -> Rows:
    """Return rows that a fitted preparation has not seen, ready to be answered and judged."""
    values = target_values(table.frame, task)
    weight = row_weights(table.frame, task)
    return Rows(transform(preparation, table.frame), values, weight, frame=table.frame)


def learn(
    rows: Rows,
    configuration: Configuration,
    preparation: Preparation,
    task: Task,
    plan: Plan,
    judging: Rows | None,
    hear: Hear | None = None,
) -> Learned:
    """Return what a configuration learns from prepared rows; ``hear`` hears a model of one's own.

    Raises
    ------
    GivenUpError
        When ``hear`` said that the fit need not go on.
    """
    problem = _problem(configuration, preparation, task, plan.seed, plan.threads)
    if configuration.algorithm == FOREIGN:
        own = own_of(plan, configuration)
        problem = replace(problem, own=own, labels=task.classes, hear=hear)
        names = preparation.outputs
        rows = replace(rows, names=names)
        judging = None if judging is None else replace(judging, names=names)
    return ALGORITHMS[configuration.algorithm].fit(rows, problem, judging)


def respond(
    learned: Learned,
    X: Matrix,
    configuration: Configuration,
    preparation: Preparation,
    task: Task,
    plan: Plan,
) -> Matrix:
    """Return the answers of what was learned, for rows prepared already."""
    problem = _problem(configuration, preparation, task, plan.seed, plan.threads)
    return ALGORITHMS[configuration.algorithm].answer(learned.content, X, problem)


def own_of(plan: Plan, configuration: Configuration) -> OwnModel:
    """Return the model of the user's own that a configuration names."""
    name = configuration.parameters[OWN]
    return next(each for each in plan.own if each.name == name)


def _problem(
    configuration: Configuration, preparation: Preparation, task: Task, seed: int, threads: int
) -> Problem:
    level = level_of(task.metric)
    parameters = configuration.parameters
    if level is not None:
        parameters = {**parameters, "quantile": level}
    places = {output: place for place, output in enumerate(preparation.outputs)}
    return Problem(
        classes=len(task.classes),
        categorical=tuple(places[output] for output in preparation.categorical),
        parameters=parameters,
        seed=seed,
        threads=threads,
    )
