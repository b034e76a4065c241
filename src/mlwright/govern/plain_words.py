"""How good a model is, for someone who knows no metric: of a hundred rows, how many."""

from __future__ import annotations

import math

from mlwright.evaluate.records import Evaluation
from mlwright.govern.reasons import number
from mlwright.stats.metrics import level_of
from mlwright.stats.records import Interval
from mlwright.train.records import Task, TaskKind

_DUMMY = "dummy"


def plainly(task: Task, evaluation: Evaluation) -> str:
    """Say in plain words how often a model is right, or how far off; or nothing."""
    if task.kind is TaskKind.REGRESSION:
        level = level_of(task.metric)
        return _off_by(evaluation) if level is None else _under(evaluation, level)
    if task.kind in (TaskKind.BINARY, TaskKind.MULTICLASS):
        return " ".join(filter(None, (_right(evaluation), _told_apart(task, evaluation))))
    return ""


def _right(evaluation: Evaluation) -> str:
    found, same = _pair(evaluation, "accuracy")
    if found is None or same is None:
        return ""
    return (
        f"Of 100 such rows it answers {_of_100(found)} rightly; the same answer for every row would"
        f" be right for {100 * same.value:.0f}."
    )


def _told_apart(task: Task, evaluation: Evaluation) -> str:
    found, _ = _pair(evaluation, "auc")
    if found is None or task.kind is not TaskKind.BINARY:
        return ""
    return (
        f"Shown one row that is {task.classes[1]} and one that is {task.classes[0]}, it tells which"
        f" is which {_of_100(found)} times of 100, where guessing does 50 times."
    )


def _under(evaluation: Evaluation, level: float) -> str:
    """Say how many values lie under the answers of a model for a quantile."""
    found, _ = _pair(evaluation, f"below_{100 * level:.0f}")
    if found is None:
        return ""
    return (
        f"Of 100 such rows the value of {_of_100(found)} lies at or under the answer, where"
        f" {100 * level:.0f} are to."
    )


def _off_by(evaluation: Evaluation) -> str:
    found, same = _pair(evaluation, "mae")
    if found is None or same is None:
        return ""
    between = ""
    if math.isfinite(found.low) and math.isfinite(found.high):
        between = f" ({number(found.low)} to {number(found.high)})"
    return (
        f"On average it is off by {number(found.value)}{between}; the same answer for every row"
        f" would be off by {number(same.value)}."
    )


def _pair(evaluation: Evaluation, metric: str) -> tuple[Interval | None, Interval | None]:
    """Return a metric of the model and of the dummy; None where it is not defined."""
    found = evaluation.metrics.get(metric)
    same = evaluation.baselines.get(_DUMMY, {}).get(metric)
    return (
        found if found is not None and math.isfinite(found.value) else None,
        same if same is not None and math.isfinite(same.value) else None,
    )


def _of_100(share: Interval) -> str:
    """Return a share as so many of a hundred, with the ends of its interval.

    >>> _of_100(Interval(0.8011, 0.7811, 0.8212)), _of_100(Interval(0.5, 0.499, 0.501))
    ('80 (78 to 82)', '50')
    """
    value, low, high = (100 * each for each in (share.value, share.low, share.high))
    if not (math.isfinite(low) and math.isfinite(high)) or f"{low:.0f}" == f"{high:.0f}":
        return f"{value:.0f}"
    return f"{value:.0f} ({low:.0f} to {high:.0f})"
