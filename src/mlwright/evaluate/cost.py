"""What a model's decisions cost a row, beside those of others, on rows it never saw."""

from __future__ import annotations

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.records import DecisionCost
from mlwright.evaluate.truth import units_of
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.stats.bootstrap import observed, replicates, resamples_for, summarise
from mlwright.stats.counts import FloatArray, IntArray, Statistic, ratio, total
from mlwright.stats.decisions import decided, predicted_classes
from mlwright.train.records import Task


def decision_cost(
    table: Table, unseen: Unseen, task: Task, *, unit: str | None, seed: int
) -> DecisionCost:
    """Return the mean cost of deciding by the costs, by the most probable class, and always alike.

    All differences are paired. The class that is always answered is the best one of these very
    rows, which flatters it.
    """
    costs = np.array(task.costs)
    truth = unseen.y.astype(np.intp)
    chosen = decided(unseen.answers, task.costs)
    probable = predicted_classes(unseen.answers)
    always = int(np.argmin([costs[truth, each].sum() for each in range(len(costs))]))
    paid = [
        costs[truth, called]
        for called in (chosen, probable, np.full(len(truth), always, dtype=np.intp))
    ]
    statistics = [_mean(each) for each in paid]
    units = units_of(judged_rows(table, unseen).table, unit)
    drawn = replicates(
        statistics, len(truth), seed=seed, resamples=resamples_for(len(truth)), units=units
    )
    value = observed(statistics, len(truth))
    intervals = [summarise(float(v), each) for v, each in zip(value, drawn, strict=True)]
    savings = [
        summarise(float(value[other] - value[0]), drawn[other] - drawn[0]) for other in (1, 2)
    ]
    return DecisionCost(
        rows=len(truth),
        costs=task.costs,
        classes=task.classes,
        cost=intervals[0],
        most_probable=intervals[1],
        always_alike=intervals[2],
        always=task.classes[always],
        saved=savings[0],
        saved_beside_always=savings[1],
        changed=int((chosen != probable).sum()),
        confusion=_confusion(truth, chosen, len(costs)),
    )


def _mean(values: FloatArray) -> Statistic:
    return lambda counts: ratio(counts @ values, total(counts))


def _confusion(truth: IntArray, called: IntArray, classes: int) -> tuple[tuple[int, ...], ...]:
    counted = np.bincount(truth * classes + called, minlength=classes * classes)
    return tuple(map(tuple, counted.reshape(classes, classes).tolist()))
