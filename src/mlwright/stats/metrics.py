"""Metrics over numpy arrays, each defined once for counted rows, so that resampling is cheap.

``y`` is float64: the class index, or the value. ``answers`` is float64 rows x outputs: one
probability per class in class order (the last of two is the positive one), or one column of
values. A metric that is undefined on the rows (one class only, no rows, an answer that is not
finite) is NaN, never an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Statistic = Callable[[FloatArray], float]
"""Gives the metric when row ``i`` is counted ``counts[i]`` times (whole numbers as float64)."""

Prepare = Callable[[FloatArray, FloatArray], Statistic]
"""Does the work that does not depend on the counts (sorting, per-row terms) once."""

BINARY = "binary"
MULTICLASS = "multiclass"
REGRESSION = "regression"

_CALIBRATION_BINS = 15
_SMALLEST_PROBABILITY = 1e-15


@dataclass(frozen=True, slots=True)
class Metric:
    """A named way to compare answers with the truth.

    ``drifts_up`` marks a statistic that resampling inflates (noise can only add to it), whose
    bootstrap interval must be reflected around the value.
    """

    name: str
    tasks: tuple[str, ...]
    greater_is_better: bool
    prepare: Prepare
    doc: str
    drifts_up: bool = False

    def statistic(self, y: FloatArray, answers: FloatArray) -> Statistic:
        """Return the metric as a function of how often each row counts."""
        if answers.ndim != 2 or y.shape != answers.shape[:1]:
            raise ValueError(f"{self.name}: y {y.shape} does not fit answers {answers.shape}")
        if not len(y) or not np.isfinite(answers).all() or not np.isfinite(y).all():
            return _undefined
        return self.prepare(y, answers)

    def function(self, y: FloatArray, answers: FloatArray) -> float:
        """Return the metric with each row counted once."""
        return self.statistic(y, answers)(np.ones(len(y)))


def predicted_classes(answers: FloatArray) -> IntArray:
    """Return the index of the most probable class; on a tie the first (so .5 is negative).

    >>> predicted_classes(np.array([[0.5, 0.5], [0.4, 0.6]])).tolist()
    [0, 1]
    """
    found: IntArray = np.argmax(answers, axis=1)
    return found


def _undefined(_: FloatArray) -> float:
    return math.nan


def _total(values: FloatArray) -> float:
    # numpy's own pairwise sum, not BLAS: its bits do not depend on the number of threads.
    return float(np.add.reduce(values))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan


def _mean(terms: FloatArray) -> Statistic:
    return lambda counts: _ratio(_total(counts * terms), _total(counts))


def _order(scores: FloatArray) -> tuple[IntArray, IntArray | None]:
    """Return the ascending order and where each run of equal scores starts (None: no ties)."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return order, None if len(starts) == len(scores) else starts


def _runs(values: FloatArray, starts: IntArray | None) -> FloatArray:
    return values if starts is None else np.add.reduceat(values, starts)


def _rank_auc(scores: FloatArray, positive: FloatArray) -> Statistic:
    order, starts = _order(scores)
    positive = positive[order]

    def statistic(counts: FloatArray) -> float:
        counted = counts[order]
        up = counted * positive
        down = _runs(counted - up, starts)
        up = _runs(up, starts)
        below = np.cumsum(down)
        ups, downs = _total(up), float(below[-1])
        return _ratio(_total(up * (below - 0.5 * down)), ups * downs)

    return statistic


def _auc(y: FloatArray, answers: FloatArray) -> Statistic:
    return _rank_auc(answers[:, -1], (y == answers.shape[1] - 1).astype(np.float64))


def _auc_macro(y: FloatArray, answers: FloatArray) -> Statistic:
    each = [
        _rank_auc(answers[:, index], (y == index).astype(np.float64))
        for index in range(answers.shape[1])
    ]

    def statistic(counts: FloatArray) -> float:
        return _mean_of_defined([one(counts) for one in each])

    return statistic


def _mean_of_defined(values: list[float]) -> float:
    defined = [value for value in values if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan


def _average_precision(y: FloatArray, answers: FloatArray) -> Statistic:
    order, starts = _order(-answers[:, -1])
    positive = (y[order] == answers.shape[1] - 1).astype(np.float64)

    def statistic(counts: FloatArray) -> float:
        counted = counts[order]
        up = _runs(counted * positive, starts)
        seen = np.cumsum(_runs(counted, starts))
        # Runs before the first counted row have seen nothing; they also hold no positives.
        precision = np.cumsum(up) / np.maximum(seen, 1.0)
        return _ratio(_total(up * precision), _total(up))

    return statistic


def _log_loss(y: FloatArray, answers: FloatArray) -> Statistic:
    of_truth = answers[np.arange(len(y)), y.astype(np.intp)]
    clipped = np.clip(of_truth, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)
    return _mean(-np.log(clipped))


def _brier(y: FloatArray, answers: FloatArray) -> Statistic:
    if answers.shape[1] == 2:
        return _mean((answers[:, 1] - y) ** 2)
    truth = y[:, None] == np.arange(answers.shape[1])
    return _mean(((answers - truth) ** 2).sum(axis=1))


def _accuracy(y: FloatArray, answers: FloatArray) -> Statistic:
    return _mean((predicted_classes(answers) == y).astype(np.float64))


def _confusion(y: FloatArray, answers: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return the counted table of true (rows) against predicted classes (columns)."""
    classes = answers.shape[1]
    cell = y.astype(np.intp) * classes + predicted_classes(answers)

    def table(counts: FloatArray) -> FloatArray:
        flat = np.bincount(cell, weights=counts, minlength=classes * classes).astype(np.float64)
        return flat.reshape((classes, classes))

    return table


def _balanced_accuracy(y: FloatArray, answers: FloatArray) -> Statistic:
    table = _confusion(y, answers)

    def statistic(counts: FloatArray) -> float:
        found = table(counts)
        right, of_class = found.diagonal().tolist(), found.sum(axis=1).tolist()
        return _mean_of_defined([_ratio(r, n) for r, n in zip(right, of_class, strict=True)])

    return statistic


def _f1(y: FloatArray, answers: FloatArray) -> Statistic:
    table = _confusion(y, answers)
    judged = slice(1, None) if answers.shape[1] == 2 else slice(None)

    def statistic(counts: FloatArray) -> float:
        found = table(counts)
        right = found.diagonal()[judged].tolist()
        either = (found.sum(axis=0) + found.sum(axis=1))[judged].tolist()
        return _mean_of_defined([_ratio(2 * r, n) for r, n in zip(right, either, strict=True)])

    return statistic


def _ece(y: FloatArray, answers: FloatArray) -> Statistic:
    if answers.shape[1] == 2:
        stated, happened = answers[:, 1], y
    else:
        stated = answers.max(axis=1)
        happened = (predicted_classes(answers) == y).astype(np.float64)
    order, starts = _order(stated)
    excess = (stated - happened)[order]

    def statistic(counts: FloatArray) -> float:
        counted = counts[order]
        in_run = _runs(counted, starts)
        seen = np.cumsum(in_run)
        rows = float(seen[-1])
        if rows <= 0:
            return math.nan
        # A run of equal answers goes whole into the bin of its middle: bins of equal count.
        bins = ((seen - 0.5 * in_run) * (_CALIBRATION_BINS / rows)).astype(np.intp)
        bins = np.minimum(bins, _CALIBRATION_BINS - 1)
        gaps = np.bincount(bins, weights=_runs(counted * excess, starts))
        return _total(np.abs(gaps)) / rows

    return statistic


def _rmse(y: FloatArray, answers: FloatArray) -> Statistic:
    squared = _mean((answers[:, 0] - y) ** 2)
    return lambda counts: math.sqrt(squared(counts))


def _mae(y: FloatArray, answers: FloatArray) -> Statistic:
    return _mean(np.abs(answers[:, 0] - y))


def _median_absolute_error(y: FloatArray, answers: FloatArray) -> Statistic:
    errors = np.abs(answers[:, 0] - y)
    order = np.argsort(errors, kind="stable")
    errors = errors[order]

    def statistic(counts: FloatArray) -> float:
        seen = np.cumsum(counts[order])
        rows = int(seen[-1])
        if rows <= 0:
            return math.nan
        middle = np.searchsorted(seen, [(rows - 1) // 2, rows // 2], side="right")
        return float(0.5 * (errors[middle[0]] + errors[middle[1]]))

    return statistic


def _r2(y: FloatArray, answers: FloatArray) -> Statistic:
    squared = (answers[:, 0] - y) ** 2
    # Centred once, so that a large common offset does not cancel the digits that matter.
    centred = y - y.mean()

    def statistic(counts: FloatArray) -> float:
        counted = centred[counts > 0]
        if not len(counted) or counted.min() == counted.max():
            return math.nan
        mean = _total(counts * centred) / _total(counts)
        return 1 - _ratio(_total(counts * squared), _total(counts * (centred - mean) ** 2))

    return statistic


def _mape(y: FloatArray, answers: FloatArray) -> Statistic:
    measurable = y != 0
    terms = np.abs(answers[:, 0] - y) / np.where(measurable, np.abs(y), 1.0)
    mean = _mean(np.where(measurable, terms, 0.0))

    def statistic(counts: FloatArray) -> float:
        rows = _total(counts)
        return _ratio(mean(counts) * rows, _total(counts * measurable))

    return statistic


_EITHER = (BINARY, MULTICLASS)
_VALUE = (REGRESSION,)

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "auc",
            (BINARY,),
            True,
            _auc,
            "Share of (positive, negative) pairs ranked the right way round, a tie counting half: "
            "the Mann-Whitney U over its maximum (Hanley and McNeil 1982).",
        ),
        Metric(
            "auc_macro",
            (MULTICLASS,),
            True,
            _auc_macro,
            "Mean over the classes among the rows of the auc of that class against the rest "
            "(Provost and Domingos 2000, unweighted).",
        ),
        Metric(
            "log_loss",
            _EITHER,
            False,
            _log_loss,
            "Mean of -ln p(true class), p held within [1e-15, 1 - 1e-15] (Good 1952).",
        ),
        Metric(
            "brier",
            _EITHER,
            False,
            _brier,
            "Two classes: mean of (p(positive) - y)^2, from 0 to 1. More: mean over rows of the "
            "sum over classes of (p - [is the class])^2, from 0 to 2 (Brier 1950).",
        ),
        Metric(
            "accuracy",
            _EITHER,
            True,
            _accuracy,
            "Share of rows whose most probable class is the true one.",
        ),
        Metric(
            "balanced_accuracy",
            _EITHER,
            True,
            _balanced_accuracy,
            "Mean over the classes among the rows of the share of that class found "
            "(Brodersen and others 2010).",
        ),
        Metric(
            "f1",
            _EITHER,
            True,
            _f1,
            "2 TP / (2 TP + FP + FN) of the positive class at .5; with more classes the mean over "
            "those true or predicted in the rows (van Rijsbergen 1979).",
        ),
        Metric(
            "average_precision",
            (BINARY,),
            True,
            _average_precision,
            "Sum over thresholds of (gain in recall) x precision, no interpolation; rows of equal "
            "answers enter together (Zhu 2004).",
        ),
        Metric(
            "ece",
            _EITHER,
            False,
            _ece,
            "Expected calibration error: rows in 15 bins of equal count by stated probability (of "
            "the positive class; with more classes of the top one), sum of share x |mean stated - "
            "share that happened| (Guo and others 2017, equal counts after Nixon and others 2019).",
            drifts_up=True,
        ),
        Metric("rmse", _VALUE, False, _rmse, "Square root of the mean of (answer - y)^2."),
        Metric("mae", _VALUE, False, _mae, "Mean of |answer - y|."),
        Metric(
            "median_absolute_error",
            _VALUE,
            False,
            _median_absolute_error,
            "Median of |answer - y|; of an even number of rows the mean of the middle two.",
        ),
        Metric(
            "r2",
            _VALUE,
            True,
            _r2,
            "1 - sum (answer - y)^2 / sum (y - mean y)^2; undefined where y is constant.",
        ),
        Metric(
            "mape",
            _VALUE,
            False,
            _mape,
            "Mean of |answer - y| / |y| over the rows where y is not zero.",
        ),
    )
}


def metrics_for(task: str) -> tuple[Metric, ...]:
    """Return the metrics of a task (``binary``, ``multiclass`` or ``regression``), in order.

    >>> [metric.name for metric in metrics_for("regression")]
    ['rmse', 'mae', 'median_absolute_error', 'r2', 'mape']
    """
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)
