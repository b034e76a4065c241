"""Fit one configuration on rows: preparation and predictor."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import fit as fit_preparation
from mlwright.features.prepare import transform, transform_training
from mlwright.features.recipes import Recipe, known_recipe
from mlwright.features.records import Preparation
from mlwright.features.truth import Truth
from mlwright.train.algorithms.problem import Learned, Problem, Rows
from mlwright.train.catalogue import ALGORITHMS
from mlwright.train.portfolio import DUMMY
from mlwright.train.records import Configuration, Fitted, Plan, Task
from mlwright.train.target import labelled, target_values

if TYPE_CHECKING:
    import polars as pl


def fit(
    table: Table, configuration: Configuration, task: Task, plan: Plan, drop: Collection[str]
) -> Fitted:
    """Return a configuration fitted on all rows of a table that have a target.

    Where no column can be a feature, the dummy is fitted in its place.

    Parameters
    ----------
    drop
        Columns that are no features.
    """
    known = labelled(table, task.target)
    preparation, rows = prepare_rows(known, recipe_of(configuration), task, plan.time, drop)
    used = configuration if preparation.outputs else DUMMY
    learned = learn(rows, used, preparation, task, plan, None)
    return Fitted(used, task, preparation, learned.content)


def answers(fitted: Fitted, frame: pl.DataFrame, *, threads: int = 1) -> Matrix:
    """Return a fitted model's answers for each row: rows x classes, or rows x 1.

    Meant for judging during the search; what is served is the compiled plan of ``scoring``.
    """
    problem = _problem(fitted.configuration, fitted.preparation, fitted.task, 0, threads)
    algorithm = ALGORITHMS[fitted.configuration.algorithm]
    return algorithm.answer(fitted.content, transform(fitted.preparation, frame), problem)


def recipe_of(configuration: Configuration) -> Recipe:
    """Return how a configuration's algorithm wants its features."""
    asked = configuration.recipe
    return ALGORITHMS[configuration.algorithm].RECIPE if asked is None else known_recipe(asked)


def prepare_rows(
    table: Table, recipe: Recipe, task: Task, time: str | None, drop: Collection[str]
) -> tuple[Preparation, Rows]:
    """Return the preparation of a recipe, fitted on a table's rows, and the rows as it fits them.

    The rows are those an algorithm learns from: where a step reads the target, what it makes of a
    row here did not see that row's own.
    """
    columns = [column for column in columns_of(table.frame) if column.name != task.target]
    truth = Truth(target_values(table.frame, task), len(task.classes), time is not None)
    preparation = fit_preparation(table.frame, columns, recipe, drop, time=time, truth=truth)
    return preparation, Rows(transform_training(preparation, table.frame, truth), truth.values)


def rows_prepared(preparation: Preparation, table: Table, task: Task) -> Rows:
    """Return rows that a fitted preparation has not seen, ready to be answered and judged."""
    return Rows(transform(preparation, table.frame), target_values(table.frame, task))


def learn(
    rows: Rows,
    configuration: Configuration,
    preparation: Preparation,
    task: Task,
    plan: Plan,
    judging: Rows | None,
) -> Learned:
    """Return what a configuration learns from prepared rows."""
    problem = _problem(configuration, preparation, task, plan.seed, plan.threads)
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


def _problem(
    configuration: Configuration, preparation: Preparation, task: Task, seed: int, threads: int
) -> Problem:
    places = {output: place for place, output in enumerate(preparation.outputs)}
    return Problem(
        classes=len(task.classes),
        categorical=tuple(places[output] for output in preparation.categorical),
        parameters=configuration.parameters,
        seed=seed,
        threads=threads,
    )
