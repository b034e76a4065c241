"""One configuration judged by rows it was not fitted on: its scores, and the answers behind."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.features.records import Preparation
from mlwright.stats.metrics import METRICS
from mlwright.train.algorithms.problem import GivenUpError, Rows
from mlwright.train.blend import can_blend
from mlwright.train.bounds import load_of
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond, rows_prepared
from mlwright.train.memory import Forgetful, Memory, name_of, packed, unpacked
from mlwright.train.own.content import ALGORITHM as FOREIGN
from mlwright.train.portfolio import DUMMY
from mlwright.train.records import Configuration, Plan, Scored, Task
from mlwright.train.reports import Reports
from mlwright.train.target import rows_of

_MOST_TRAIN_SCORED = 5_000
"""Rows fitted on that are scored too: enough to tell learning from learning by heart."""


@dataclass(frozen=True, slots=True, eq=False)
class _Once:
    """What one round tells of a configuration."""

    answers: Matrix
    known: Matrix
    validation: float
    train: float
    trees: float | None
    seconds: float
    size: float
    blends: bool


@dataclass(slots=True, eq=False)
class JudgingRound:
    """Rows to fit on and rows that judge; features are made once, a configuration judged once."""

    fitting: Table
    judging: Table
    place: str = ""
    memory: Memory = field(default_factory=Forgetful)
    reports: Reports = field(default_factory=Reports)
    prepared: dict[Recipe, tuple[Preparation, Rows, Rows]] = field(default_factory=dict)
    judged: dict[str, _Once] = field(default_factory=dict)

    def at_most(self, rows: int) -> JudgingRound:
        """Return the same round fitted on at most so many rows; itself where it has no more."""
        fewer = evenly_drawn(self.fitting, rows)
        if fewer is self.fitting:
            return self
        place = f"{self.place}-of-{rows}"
        return JudgingRound(fewer, self.judging, place, self.memory, self.reports.at(place))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A configuration's score, its answers to the rows of each round, and what it takes.

    ``known`` are answers to some of the rows it was fitted on. ``seconds`` are what its trees add
    to a row and ``size`` the bytes; ``blends`` says whether its scores can be added.
    """

    scored: Scored
    answers: tuple[Matrix, ...]
    known: tuple[Matrix, ...]
    seconds: float
    size: float
    blends: bool


def judge(
    configuration: Configuration,
    rounds: Sequence[JudgingRound],
    task: Task,
    plan: Plan,
    drop: Collection[str],
) -> Judged:
    """Return a configuration's mean scores over the rounds, and the trees it needed on average.

    One that is given up in a round has no score and is not fitted in those that follow.
    """
    try:
        found = [_judge_once(configuration, each, task, plan, drop) for each in rounds]
    except GivenUpError:
        scored = Scored(configuration, math.nan, math.nan, dict(configuration.parameters), 0.0, 0.0)
        return Judged(scored, answers=(), known=(), seconds=0.0, size=0.0, blends=False)
    trees = [each.trees for each in found if each.trees is not None]
    parameters = dict(configuration.parameters)
    if trees:
        parameters["trees"] = max(1, round(float(np.mean(trees))))
    validation, train = mean([e.validation for e in found]), mean([e.train for e in found])
    seconds = float(np.mean([each.seconds for each in found])) if found else 0.0
    size = float(np.mean([each.size for each in found])) if found else 0.0
    return Judged(
        scored=Scored(configuration, validation, train, parameters, size, seconds),
        answers=tuple(each.answers for each in found),
        known=tuple(each.known for each in found),
        seconds=seconds,
        size=size,
        blends=bool(found) and all(each.blends for each in found),
    )


def _judge_once(
    configuration: Configuration,
    each: JudgingRound,
    task: Task,
    plan: Plan,
    drop: Collection[str],
) -> _Once:
    known_before = each.judged.get(configuration.name) or _recalled(configuration, each)
    if known_before is not None:
        each.judged[configuration.name] = known_before
        return known_before
    recipe = recipe_of(configuration)
    preparation, fitting, judging = features_of(each, recipe, task, plan, drop)
    # Without a feature there is nothing to learn from but the target: all answer as the dummy.
    used = configuration if preparation.outputs else DUMMY
    hear = None
    if used.algorithm == FOREIGN:
        if each.reports.is_given_up(configuration):
            raise GivenUpError
        hear = each.reports.hearer(configuration)
    beside = judging if len(judging.y) else None
    learned = learn(fitting, used, preparation, task, plan, beside, hear)
    if hear is not None and each.reports.is_given_up(configuration):
        raise GivenUpError  # its code caught what was to end it
    shown = shown_of(fitting)
    answers = respond(learned, judging.X, used, preparation, task, plan)
    known = respond(learned, shown.X, used, preparation, task, plan)
    trees = learned.parameters.get("trees")
    seconds, size = load_of(learned.content)
    found = _Once(
        answers=answers,
        known=known,
        validation=measured(task.metric, judging, answers),
        train=measured(task.metric, shown, known),
        trees=None if trees is None else float(trees),
        seconds=seconds,
        size=size,
        blends=can_blend(learned.content),
    )
    each.judged[configuration.name] = found
    name = name_of(configuration, each.place)
    each.reports.keep(configuration, each.memory, name)
    numbers = (found.validation, found.train, math.nan if trees is None else found.trees or 0.0)
    each.memory.keep(
        name,
        packed((answers, known), (*numbers, seconds, size, float(found.blends))),
    )
    return found


def _recalled(configuration: Configuration, each: JudgingRound) -> _Once | None:
    """Return what a search that was cut short had found."""
    name = name_of(configuration, each.place)
    content = each.memory.recall(name)
    if content is None:
        return None
    if configuration.algorithm == FOREIGN:
        each.reports.recall(configuration, each.memory, name)
    (answers, known), (validation, train, trees, seconds, size, blends) = unpacked(content)
    return _Once(
        answers=answers,
        known=known,
        validation=validation,
        train=train,
        trees=None if math.isnan(trees) else trees,
        seconds=seconds,
        size=size,
        blends=bool(blends),
    )


def features_of(
    each: JudgingRound, recipe: Recipe, task: Task, plan: Plan, drop: Collection[str]
) -> tuple[Preparation, Rows, Rows]:
    """Return a round's rows as a recipe prepares them, made once."""
    if recipe not in each.prepared:
        preparation, fitting = prepare_rows(
            each.fitting, recipe, task, plan.time, drop, unit=plan.unit
        )
        judging = rows_prepared(preparation, each.judging, task)
        # A class that no row outside the test part has cannot be judged by.
        known = np.flatnonzero(np.isfinite(judging.y))
        each.prepared[recipe] = (preparation, fitting, _some(judging, known))
    return each.prepared[recipe]


def shown_of(rows: Rows) -> Rows:
    """Return the rows fitted on that are scored too."""
    count = len(rows.y)
    if count <= _MOST_TRAIN_SCORED:
        return rows
    return _some(rows, np.arange(_MOST_TRAIN_SCORED, dtype=np.intp) * count // _MOST_TRAIN_SCORED)


def _some(rows: Rows, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Rows:
    return replace(
        rows,
        X=np.ascontiguousarray(rows.X[places]),
        y=rows.y[places],
        weight=None if rows.weight is None else rows.weight[places],
        frame=None if rows.frame is None else rows.frame[places],
    )


def evenly_drawn(table: Table, rows: int) -> Table:
    """Return at most ``rows`` rows, evenly drawn from the whole length of a table."""
    count = len(table.row_ids)
    if count <= rows:
        return table
    return rows_of(table, np.arange(rows, dtype=np.intp) * count // rows)


def measured(metric: str, rows: Rows, answers: Matrix) -> float:
    """Return a metric of answers, each row counted as much as it weighs."""
    counts = np.ones((1, len(rows.y))) if rows.weight is None else rows.weight.reshape(1, -1)
    return float(METRICS[metric].statistic(rows.y, answers)(counts)[0])


def mean(values: Sequence[float]) -> float:
    """Return the mean over the rounds in which the metric is defined, else NaN."""
    defined = [value for value in values if math.isfinite(value)]
    return float(np.mean(defined)) if defined else math.nan
