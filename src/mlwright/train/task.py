"""What kind of question a target asks, and by which metric the answers are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlwright.core.errors import DataError, UsageError, nearest
from mlwright.data.digests import columns_of
from mlwright.data.names import require_column
from mlwright.data.records import Column, Kind, Scalar
from mlwright.features.numbers import missing_in
from mlwright.stats.metrics import METRICS, level_of, metrics_for
from mlwright.train.records import Task, TaskKind

if TYPE_CHECKING:
    import polars as pl

FEWEST_ROWS = 10
MOST_CLASSES = 1_000
_PINBALL = "pinball_"
"""How the metrics begin that are least for a quantile, which a model is then fitted to."""

LARGEST_TARGET = 1e150
"""A float cannot hold the square of a much larger number, and so no squared error."""

_DEFAULT_METRICS = {
    TaskKind.BINARY: "auc",
    TaskKind.MULTICLASS: "log_loss",
    TaskKind.REGRESSION: "rmse",
}
# Whole numbers are classes while there are few of them, each often: digits yes, prices no.
_FEW_NUMBERS = 20
_ROWS_A_CLASS = 5


def infer_task(frame: pl.DataFrame, target: str, task: str | None, metric: str | None) -> Task:
    """Return the task that a target asks for, from all rows outside the sealed test part.

    Rows without a target are left out. Of two classes the last in order is the positive one.

    Parameters
    ----------
    task, metric
        What the user fixed; inferred where None.

    Raises
    ------
    DataError
        ``column-unknown``, ``target-kind``, ``target-too-few-rows``, ``target-one-class``,
        ``target-too-many-classes``, ``target-infinite``, ``target-too-large``.
    UsageError
        ``task-mismatch`` when the target cannot be read as ``task``; ``metric-unknown`` and
        ``metric-task`` for a metric that does not exist or does not fit.
    """
    column = require_column(columns_of(frame), target, "target")
    known = _known(frame[target], column)
    distinct = known.n_unique()
    if distinct == 1:
        raise DataError(
            "target-one-class",
            f"the target {target!r} has the same value in all {len(known):,} rows: "
            "there is nothing to tell apart",
            fix="choose another target, or give rows with other values of it",
            facts={"target": target, "rows": len(known), "value": str(known[0])},
        )
    kind, why = _kind(column, known, distinct) if task is None else _asked(task, column, distinct)
    classes: tuple[Scalar, ...] = ()
    if kind is not TaskKind.REGRESSION:
        _check_classes(column, known, distinct)
        classes = tuple(cast("list[Scalar]", known.unique().sort().to_list()))
    if kind is TaskKind.BINARY:
        why += f"; {classes[1]!r} is the positive one, the last in order"
    chosen = _metric(kind, metric)
    why += f"; {chosen} " + ("as asked" if metric else f"is the usual metric for {kind.value}")
    level = level_of(chosen)
    if level is not None:
        why += f": an answer is the value under which {level:.0%} of such rows lie"
    return Task(kind, target, classes, chosen, why)


def _known(series: pl.Series, column: Column) -> pl.Series:
    """Return the target's values, after refusing what no model can be fitted to."""
    if column.kind in (Kind.DATE, Kind.DATETIME):
        raise DataError(
            "target-kind",
            f"the target {column.name!r} holds dates, which are neither classes nor amounts",
            fix="make it a number of days, or a class such as 'within 30 days', in the source",
            facts={"target": column.name, "kind": column.kind.value},
        )
    known = series.filter(~missing_in(series))
    if len(known) < FEWEST_ROWS:
        raise DataError(
            "target-too-few-rows",
            f"{len(known):,} of {len(series):,} rows have a value of the target {column.name!r}: "
            f"{FEWEST_ROWS} are the least a model can be fitted to and judged on",
            fix="give more rows with a known target, or choose another target",
            facts={"target": column.name, "rows": len(series), "known": len(known)},
        )
    if column.kind is Kind.FLOAT and not known.is_finite().all():
        count = int((~known.is_finite()).sum())
        raise DataError(
            "target-infinite",
            f"the target {column.name!r} is infinite in {count:,} rows",
            fix="correct these rows, or leave the target empty in them",
            facts={"target": column.name, "count": count},
        )
    largest = float(cast("float", known.abs().max())) if column.kind is Kind.FLOAT else 0.0
    if largest > LARGEST_TARGET:
        raise DataError(
            "target-too-large",
            f"the target {column.name!r} reaches {largest:.3g}, and errors beyond"
            f" {LARGEST_TARGET:g} cannot be squared: no model could be judged",
            fix="correct these rows, or give the column in a larger unit or as its logarithm",
            facts={"target": column.name, "largest": largest},
        )
    return known


def _kind(column: Column, known: pl.Series, distinct: int) -> tuple[TaskKind, str]:
    """Return the kind of task the values themselves suggest, and why."""
    few = TaskKind.BINARY if distinct == 2 else TaskKind.MULTICLASS
    if column.kind in (Kind.STRING, Kind.BOOLEAN):
        return few, f"{column.kind.value} with {distinct:,} different values"
    if column.kind is Kind.INTEGER and (
        distinct == 2 or (distinct <= _FEW_NUMBERS and len(known) >= distinct * _ROWS_A_CLASS)
    ):
        return few, f"whole numbers with only {distinct} different values are taken as classes"
    if column.kind is Kind.FLOAT and distinct == 2 and set(known.unique()) == {0.0, 1.0}:
        return few, "0 and 1 are taken as classes"
    return TaskKind.REGRESSION, f"numbers with {distinct:,} different values"


def _asked(task: str, column: Column, distinct: int) -> tuple[TaskKind, str]:
    """Return the kind of task the user fixed, after checking that the target fits it."""
    kinds = [kind.value for kind in TaskKind]
    if task not in kinds:
        raise UsageError(
            "task-unknown",
            f"{task!r} is no task",
            fix=f"use {nearest(task, kinds) or ' or '.join(kinds)!r}",
            facts={"task": task, "known": kinds},
        )
    kind = TaskKind(task)
    numeric = column.kind in (Kind.INTEGER, Kind.FLOAT)
    problem = None
    if kind is TaskKind.BINARY and distinct != 2:
        problem = f"it has {distinct:,} different values, not 2"
    elif kind is TaskKind.REGRESSION and not numeric:
        problem = f"it holds {column.kind.value} values, not numbers"
    if problem:
        raise UsageError(
            "task-mismatch",
            f"the target {column.name!r} does not fit the task {task}: {problem}",
            fix="leave the task out and it is inferred, or choose another target",
            facts={"task": task, "target": column.name, "distinct": distinct},
        )
    if kind is TaskKind.MULTICLASS and distinct == 2:
        return TaskKind.BINARY, "two classes are binary, though multiclass was asked"
    return kind, f"{task} as asked"


def _check_classes(column: Column, known: pl.Series, distinct: int) -> None:
    if distinct > MOST_CLASSES or (distinct > 2 and distinct > len(known) / 2):
        raise DataError(
            "target-too-many-classes",
            f"the target {column.name!r} has {distinct:,} classes in {len(known):,} rows: "
            "it looks like a name or an amount, not like a class",
            fix="choose another target, or --task regression when it is an amount",
            facts={"target": column.name, "classes": distinct, "rows": len(known)},
        )


def _metric(kind: TaskKind, metric: str | None) -> str:
    if metric is None:
        return _DEFAULT_METRICS[kind]
    fitting = [each.name for each in metrics_for(kind.value)]
    if metric in fitting:
        return metric
    if kind is TaskKind.REGRESSION and metric.startswith(_PINBALL) and metric in METRICS:
        return metric
    close = nearest(metric, fitting)
    fix = f"use {close!r}" if close else f"use one of {', '.join(fitting)}"
    facts = {"metric": metric, "task": kind.value, "known": fitting}
    if metric in METRICS:
        of = " and ".join(METRICS[metric].tasks)
        raise UsageError(
            "metric-task",
            f"the metric {metric} is for {of} tasks, and this one is {kind.value}",
            fix=fix,
            facts=facts,
        )
    raise UsageError("metric-unknown", f"there is no metric {metric!r}", fix=fix, facts=facts)
