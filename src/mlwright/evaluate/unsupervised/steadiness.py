"""Whether a model without a target keeps its answers when rows change, and by what it goes.

What is asked of an anomaly model is whether a row's p-value is at most .05; of a clustering, which
cluster a row is nearest to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.evaluate.robustness.changes.catalogue import WAYS
from mlwright.evaluate.robustness.subject import Subject
from mlwright.stats.bootstrap import mean_interval
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.records import Interval
from mlwright.stats.without_target import ANOMALY, LEVEL

MOST_ROWS = 500
MOST_EXPLAINED = 200

Amounts = Callable[[Subject], Sequence[Mapping[str, Sequence[float]]]]
"""What each column adds to each score, row by row."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One way in which rows change: in words, the share of answers that flip, and of which column.

    ``most`` is the column whose change flips most answers; None where all change at once.
    """

    way: str
    said: str
    flip: Interval
    most: str | None


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How steady the answers to some rows are, and each column's share of what moves the scores."""

    task: str
    rows: int
    changes: tuple[Changed, ...]
    columns: tuple[tuple[str, float], ...]
    seed: int


def steadiness(subject: Subject, amounts: Amounts) -> Steadiness:
    """Return how many answers flip in each way that rows may change, and what each column adds."""
    some = subject.evenly(MOST_ROWS)
    task = subject.task.kind.value
    before = decided(task, some.ask(some.rows))
    changes = []
    for name, way in WAYS.items():
        flips: dict[str | None, FloatArray] = {
            column: (decided(task, some.ask(frame)) != before).astype(np.float64)
            for column, frame in way.make(some)
        }
        if flips:
            each = np.mean(list(flips.values()), axis=0)
            most = max(flips, key=lambda column: float(flips[column].mean()))
            flip = mean_interval(each, seed=subject.seed, units=some.units)
            changes.append(Changed(name, way.said, flip, most))
    return Steadiness(task, len(some.y), tuple(changes), _shares(some, amounts), subject.seed)


def decided(task: str, answers: FloatArray) -> IntArray:
    """Return what each answer says: whether a row is unusual, or its cluster."""
    if task == ANOMALY:
        return (answers[:, 0] <= LEVEL).astype(np.intp)
    nearest: IntArray = np.argmin(answers, axis=1).astype(np.intp)
    return nearest


def _shares(some: Subject, amounts: Amounts) -> tuple[tuple[str, float], ...]:
    """Return each column's share of the amounts in the scores that decide, the largest first."""
    few = some.evenly(MOST_EXPLAINED)
    told = amounts(few)
    places = [0] * len(told) if few.task.kind.value == ANOMALY else _nearest(few)
    added = {
        column.name: math.fsum(
            abs(each[column.name][place]) for each, place in zip(told, places, strict=True)
        )
        for column in few.inputs
    }
    total = math.fsum(added.values())
    shares = [(name, amount / total if total > 0.0 else 0.0) for name, amount in added.items()]
    return tuple(sorted(shares, key=lambda each: -each[1]))


def _nearest(some: Subject) -> Sequence[int]:
    nearest: list[int] = np.argmin(some.ask(some.rows), axis=1).tolist()
    return nearest
