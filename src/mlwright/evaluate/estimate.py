"""Every number of an evaluation with its interval, from one pass of resampling.

All models, metrics and gaps see the same resamples, so that every difference is paired.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.evaluate.truth import Groups
from mlwright.stats.bootstrap import observed, replicates, resamples_for, summarise
from mlwright.stats.counts import FloatArray, IntArray, Statistic, mean_of_defined
from mlwright.stats.decisions import Costs, decided
from mlwright.stats.fairness import Gap, gaps, group_rates
from mlwright.stats.metrics import BINARY, METRICS, Metric, metrics_for
from mlwright.stats.records import GroupRates, Interval

MODEL, DUMMY, LINEAR = "model", "dummy", "linear"
OF_DECISIONS = ("accuracy", "balanced_accuracy", "f1")
"""The metrics that see the class that is decided for, and no probability."""


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Every row answered once by each of several models.

    ``folds`` numbers which fitted model answered a row, where there is one for each fold of a
    cross-validation: such answers are ranked within a fold only.
    """

    answers: Mapping[str, FloatArray]
    folds: IntArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Metrics by model and name, gains by baseline, gaps and group rates by column."""

    metrics: Mapping[str, Mapping[str, Interval]]
    gains: Mapping[str, Interval]
    fairness: Mapping[str, Mapping[str, Interval]]
    groups: Mapping[str, tuple[GroupRates, ...]]
    resamples: int


def estimate(
    y: FloatArray,
    rounds: Sequence[Round],
    *,
    task: str,
    metric: str,
    groups: Mapping[str, Groups],
    units: IntArray,
    seed: int,
    only: Collection[str] | None = None,
    costs: Costs = (),
) -> Estimates:
    """Return everything that is measured on the rows.

    Parameters
    ----------
    rounds
        One for a sealed test, one for each repeat of a cross-validation: a metric is the mean
        over rounds.
    groups
        Compared by the decisions of the first round; for a binary task only.
    only
        The metrics wanted, the task's own among them; all that the task has by default.
    costs
        What mistakes cost: decisions, and the metrics of decisions, follow them.
    """
    resamples = resamples_for(len(y), rounds[0].answers[MODEL].shape[1])
    models = tuple(rounds[0].answers)
    deciding = _decided(rounds, costs) if costs else rounds
    metrics = [e for e in metrics_for(task, metric) if only is None or e.name in only]
    rates = _rates(y, rounds[0], groups, costs) if task == BINARY else {}
    gap_of = {column: _gaps(y, rounds[0], groups[column], rates[column], costs) for column in rates}

    wanted: dict[tuple[str, ...], Statistic] = {}
    for model in models:
        for each in metrics:
            judged = deciding if each.name in OF_DECISIONS else rounds
            wanted[model, each.name] = _mean_over_rounds(each, y, judged, model)
            if each.prepare_noise is not None:
                wanted[model, each.name, "noise"] = _noise_over_rounds(each, y, rounds, model)
    for column, found in gap_of.items():
        for name, gap in found.items():
            wanted["gap", column, name] = gap.statistic
            wanted["gap", column, name, "noise"] = gap.noise

    keys = list(wanted)
    drawn = replicates(list(wanted.values()), len(y), seed=seed, resamples=resamples, units=units)
    replicated = dict(zip(keys, drawn, strict=True))
    value = dict(zip(keys, observed(list(wanted.values()), len(y)).tolist(), strict=True))

    def interval(*key: str) -> Interval:
        return _defined(summarise(value[key], replicated[key], replicated.get((*key, "noise"))))

    def gain(baseline: str) -> Interval:
        sign = 1.0 if METRICS[metric].greater_is_better else -1.0
        first, second = (MODEL, metric), (baseline, metric)
        with np.errstate(invalid="ignore"):  # infinite less infinite is not defined
            gains = sign * (replicated[first] - replicated[second]) + 0.0
        # Adding 0.0 turns the negative zero of two equal models into nothing worth a sign.
        return _defined(summarise(sign * (value[first] - value[second]) + 0.0, gains))

    return Estimates(
        metrics={model: {m.name: interval(model, m.name) for m in metrics} for model in models},
        gains={model: gain(model) for model in models if model != MODEL},
        fairness={
            column: {name: interval("gap", column, name) for name in gap_of.get(column, ())}
            for column in groups
        },
        groups={column: rates.get(column, ()) for column in groups},
        resamples=resamples,
    )


def _defined(found: Interval) -> Interval:
    """Return an interval in which what a float cannot hold is as undefined as what is not there."""
    if all(map(math.isfinite, (found.value, found.low, found.high))):
        return found
    value, low, high = (
        number if math.isfinite(number) else math.nan
        for number in (found.value, found.low, found.high)
    )
    return Interval(value, low, high)


def _decided(rounds: Sequence[Round], costs: Costs) -> list[Round]:
    """Return rounds in which each answer is all for the class that is decided for."""

    def sure(answers: FloatArray) -> FloatArray:
        certain: FloatArray = np.eye(answers.shape[1])[decided(answers, costs)]
        return certain

    return [
        Round({model: sure(answers) for model, answers in each.answers.items()}, each.folds)
        for each in rounds
    ]


def _mean_over_rounds(
    metric: Metric, y: FloatArray, rounds: Sequence[Round], model: str
) -> Statistic:
    return _mean(
        [
            _within_folds(metric, y, each.answers[model], each.folds)
            if metric.ranks and each.folds is not None and len(y)
            else metric.statistic(y, each.answers[model])
            for each in rounds
        ]
    )


def _noise_over_rounds(
    metric: Metric, y: FloatArray, rounds: Sequence[Round], model: str
) -> Statistic:
    found = [metric.noise(y, each.answers[model]) for each in rounds]
    return _mean([noise for noise in found if noise is not None])


def _within_folds(metric: Metric, y: FloatArray, answers: FloatArray, folds: IntArray) -> Statistic:
    """Return the mean over folds of a metric of each fold's rows.

    Ranks are not pooled over folds: a model of another fold answers a little higher or lower
    throughout, and even a constant answer, which falls where the fold's own share of positives
    rises, would seem to rank rows the wrong way round.
    """
    rows = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    each = [metric.statistic(y[here], answers[here]) for here in rows]

    def of(here: IntArray, statistic: Statistic) -> Statistic:
        return lambda counts: statistic(np.take(counts, here, axis=1))

    return _mean([of(here, statistic) for here, statistic in zip(rows, each, strict=True)])


def _mean(statistics: Sequence[Statistic]) -> Statistic:
    if len(statistics) == 1:
        return statistics[0]
    return lambda counts: mean_of_defined(np.stack([one(counts) for one in statistics], axis=1))


def _decisions(
    y: FloatArray, answers: FloatArray, costs: Costs
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return whether each row is positive, whether it is called so, and how surely."""
    positive = (y == 1).astype(np.float64)
    return positive, (decided(answers, costs) == 1).astype(np.float64), answers[:, 1]


def _rates(
    y: FloatArray, judged: Round, groups: Mapping[str, Groups], costs: Costs
) -> dict[str, tuple[GroupRates, ...]]:
    positive, selected, stated = _decisions(y, judged.answers[MODEL], costs)
    return {
        column: group_rates(positive, selected, found.codes, found.names, stated=stated)
        for column, found in groups.items()
    }


def _gaps(
    y: FloatArray, judged: Round, groups: Groups, rates: Sequence[GroupRates], costs: Costs
) -> Mapping[str, Gap]:
    positive, selected, stated = _decisions(y, judged.answers[MODEL], costs)
    return gaps(positive, selected, groups.codes, rates, stated)
