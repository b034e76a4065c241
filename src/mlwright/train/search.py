"""Carry out a plan: score every configuration on rows it was not trained on, choose one.

Nothing here reads a clock: the plan says which configurations, how many rows and how many rounds,
so that the same plan on the same rows gives the same result on any day and under any load.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mlwright.core.errors import DataError, listed
from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.features.records import Preparation
from mlwright.stats.metrics import METRICS
from mlwright.train.algorithms.problem import Rows
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond, rows_prepared
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Decision, Plan, Scored, SearchResult, Task
from mlwright.train.rounds import rounds_of
from mlwright.train.target import labelled, rows_of

INTERPRETABLE = ("linear",)
"""The algorithms whose every answer a person can add up."""

_MOST_SHOWN = 10

_MOST_TRAIN_SCORED = 5_000
"""Rows fitted on that are scored too: enough to tell learning from learning by heart."""


@dataclass(slots=True)
class _Round:
    """Rows to fit on and rows that judge, with each recipe's features made once."""

    fitting: Table
    judging: Table
    prepared: dict[Recipe, tuple[Preparation, Rows, Rows]] = field(default_factory=dict)


def search(
    train: Table,
    validation: Table | None,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    *,
    interpretable_within: float,
    progress: Progress,
) -> SearchResult:
    """Return every configuration's score and the configuration chosen.

    Parameters
    ----------
    train, validation
        Without validation rows, ``plan.folds`` rounds of cross-validation over ``train`` judge.
    drop
        Columns that are no features.
    interpretable_within
        An interpretable configuration is chosen when it costs no more than this: of the metric
        where greater is better, else as a share of the best loss.

    Raises
    ------
    DataError
        ``part-unlabelled`` when no row to fit on, or none to judge by, has a target.
    """
    known = _labelled_part(train, task, "fit on")
    unlabelled = len(train.row_ids) - len(known.row_ids)
    if validation is not None:
        judging = _labelled_part(validation, task, "choose a model by")
        unlabelled += len(validation.row_ids) - len(judging.row_ids)
        rounds = [_Round(_at_most(known, plan.rows), judging)]
    else:
        rounds = _cross_validation(_at_most(known, plan.rows), task, plan)
    progress.start(len(plan.configurations), "")
    scored: list[Scored] = []
    for configuration in plan.configurations:
        scored.append(_score(configuration, rounds, task, plan, drop))
        best = _best(scored, task)
        progress.advance(f"best so far {best.configuration.name}: {best.validation:.4f}")
    progress.finish()
    result = _choose(scored, task, interpretable_within, unlabelled)
    return replace(result, decisions=(*result.decisions, *_left_out(rounds, drop)))


def _left_out(rounds: Sequence[_Round], drop: Collection[str]) -> Iterator[Decision]:
    """Give each reason for which columns became no feature, but for those dropped on request."""
    columns: dict[str, list[str]] = {}
    for preparation, _, _ in list(rounds[0].prepared.values())[:1] if rounds else ():
        for name, reason in preparation.dropped:
            if name not in drop:
                columns.setdefault(reason, []).append(name)
    for reason, names in columns.items():
        shown = listed(names, _MOST_SHOWN)
        what = f"{len(names):,} column{'s' if len(names) > 1 else ''} left out: {shown}"
        yield Decision(what, reason, "change the column in the source")


def _labelled_part(table: Table, task: Task, purpose: str) -> Table:
    known = labelled(table, task.target)
    if not len(known.row_ids):
        raise DataError(
            "part-unlabelled",
            f"none of the {len(table.row_ids):,} rows to {purpose} has a value of the target"
            f" {task.target!r}",
            fix="give these rows a target, or leave rows without one out of the source",
            facts={"target": task.target, "rows": len(table.row_ids)},
        )
    return known


def _at_most(table: Table, rows: int) -> Table:
    """Return at most ``rows`` rows, evenly drawn from the whole length of a table."""
    count = len(table.row_ids)
    if count <= rows:
        return table
    return rows_of(table, np.arange(rows, dtype=np.intp) * count // rows)


def _cross_validation(table: Table, task: Task, plan: Plan) -> list[_Round]:
    rounds = rounds_of(table, task, plan.folds, seed=plan.seed, unit=plan.unit, time=plan.time)
    return [_Round(rows_of(table, fit), rows_of(table, judge)) for fit, judge in rounds]


def _score(
    configuration: Configuration,
    rounds: Sequence[_Round],
    task: Task,
    plan: Plan,
    drop: Collection[str],
) -> Scored:
    """Return a configuration's mean scores over the rounds, and the trees it needed on average."""
    metric = METRICS[task.metric].function
    recipe = recipe_of(configuration)
    judged: list[float] = []
    trained: list[float] = []
    found: list[float] = []
    for each in rounds:
        preparation, fitting, judging = _features(each, recipe, task, plan, drop)
        # Without a feature there is nothing to learn from but the target: all answer as the dummy.
        used = configuration if preparation.outputs else DUMMY
        judges = judging if len(judging.y) else None
        learned = learn(fitting, used, preparation, task, plan, judges)
        shown = _evenly(fitting, _MOST_TRAIN_SCORED)
        judged.append(metric(judging.y, respond(learned, judging.X, used, preparation, task, plan)))
        trained.append(metric(shown.y, respond(learned, shown.X, used, preparation, task, plan)))
        if "trees" in learned.parameters:
            found.append(float(learned.parameters["trees"]))
    parameters = dict(configuration.parameters)
    if found:
        parameters["trees"] = max(1, round(float(np.mean(found))))
    return Scored(configuration, _mean(judged), _mean(trained), parameters)


def _features(
    each: _Round, recipe: Recipe, task: Task, plan: Plan, drop: Collection[str]
) -> tuple[Preparation, Rows, Rows]:
    if recipe not in each.prepared:
        preparation, fitting = prepare_rows(each.fitting, recipe, task, plan.time, drop)
        judging = rows_prepared(preparation, each.judging, task)
        # A class that no row outside the test part has cannot be judged by.
        known = np.isfinite(judging.y)
        each.prepared[recipe] = (preparation, fitting, Rows(judging.X[known], judging.y[known]))
    return each.prepared[recipe]


def _evenly(rows: Rows, most: int) -> Rows:
    count = len(rows.y)
    if count <= most:
        return rows
    places = np.arange(most, dtype=np.intp) * count // most
    X: Matrix = np.ascontiguousarray(rows.X[places])
    return Rows(X, rows.y[places])


def _mean(values: Sequence[float]) -> float:
    """Return the mean over the rounds in which the metric is defined, else NaN."""
    defined = [value for value in values if math.isfinite(value)]
    return float(np.mean(defined)) if defined else math.nan


def _best(scored: Sequence[Scored], task: Task) -> Scored:
    """Return the best configuration; of equals the first, which is the simpler."""
    sign = 1.0 if METRICS[task.metric].greater_is_better else -1.0

    def worth(each: Scored) -> float:
        return sign * each.validation if math.isfinite(each.validation) else -math.inf

    return max(scored, key=worth)


def _price(best: Scored, other: Scored, task: Task) -> float:
    """Return what choosing another costs: the difference, or the share by which a loss grows.

    Without bound where the other cannot be judged, or loses anything where the best loses nothing.
    """
    if not math.isfinite(other.validation):
        return math.inf
    if METRICS[task.metric].greater_is_better:
        return best.validation - other.validation
    if best.validation == 0.0:
        return 0.0 if other.validation == 0.0 else math.inf
    return other.validation / best.validation - 1.0


def _choose(
    scored: Sequence[Scored], task: Task, interpretable_within: float, unlabelled: int
) -> SearchResult:
    best = _best(scored, task)
    plain = [s for s in scored if s.configuration.algorithm in INTERPRETABLE]
    readable = _best(plain, task) if plain else scored[0]
    price = _price(best, readable, task)
    # Nothing is easier to read than an answer that ignores its input.
    worth_it = best.configuration.algorithm != DUMMY.algorithm and price <= interpretable_within
    chosen = readable if plain and worth_it else best
    ready = replace(chosen.configuration, parameters=chosen.chosen_parameters)
    return SearchResult(
        metric=task.metric,
        scored=tuple(scored),
        chosen=ready,
        interpretable=readable.configuration.name,
        interpretable_price=price,
        decisions=_decisions(best, readable, chosen, price, task, interpretable_within, unlabelled),
        unlabelled=unlabelled,
    )


def _decisions(
    best: Scored,
    readable: Scored,
    chosen: Scored,
    price: float,
    task: Task,
    interpretable_within: float,
    unlabelled: int,
) -> tuple[Decision, ...]:
    name = chosen.configuration.name
    why = f"{task.metric} {chosen.validation:.4f} on rows not trained on"
    if not math.isfinite(chosen.validation):
        why = f"{task.metric} is defined for none on the rows not trained on"
    elif chosen is readable and chosen is not best:
        why += (
            f": interpretable, and {price:.4g} from {best.configuration.name}, within"
            f" {interpretable_within:g}"
        )
    else:
        why += ", the best of all"
    found = [
        Decision("the task", task.why, "--task, --metric"),
        Decision(f"the configuration {name}", why, "--models, search.interpretable_within"),
    ]
    if "trees" in chosen.chosen_parameters:
        trees = int(chosen.chosen_parameters["trees"])
        if trees < int(chosen.configuration.parameters["trees"]):
            why = "where more trees no longer helped on rows not trained on"
        else:
            why = "as many as the plan holds: more might still help"
        found.append(Decision(f"{trees} trees", why, "search.budget"))
    if unlabelled:
        why = "their target is missing, so there is nothing to learn from them"
        found.append(Decision(f"{unlabelled:,} rows left out", why, "give these rows a target"))
    return tuple(found)
