"""Metrics over numpy arrays, each defined once for counted rows, so that resampling is cheap.

``y`` is float64: the class index, or the value. ``answers`` is float64 rows x outputs: one
probability per class in class order (the last of two is the positive one), or one column of
values. A metric that is undefined on the rows (one class only, no rows, an answer that is not
finite) is NaN, never an exception.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlwright.stats.calibration import ece, ece_noise
from mlwright.stats.clusters import silhouette, stability
from mlwright.stats.counts import (
    FloatArray,
    Statistic,
    counted_cells,
    mean_of_defined,
    ratio,
    total,
    undefined,
)
from mlwright.stats.decisions import predicted_classes
from mlwright.stats.ranking import average_precision, rank_auc
from mlwright.stats.without_target import (
    ANOMALY,
    CLUSTERING,
    false_alarms,
    found,
    found_mixed,
    found_moved,
    planted_auc,
)

Prepare = Callable[[FloatArray, FloatArray], Statistic]
"""Does the work that does not depend on the counts (sorting, per-row terms) once."""

BINARY = "binary"
MULTICLASS = "multiclass"
REGRESSION = "regression"

_SMALLEST_PROBABILITY = 1e-15
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Metric:
    """A named way to compare answers with the truth.

    ``ranks`` marks a metric that compares the answers of different rows with each other, so that
    answers of several models (the folds of a cross-validation) may not be pooled.
    ``prepare_noise`` is there for a metric that sums up absolute errors of estimates, which noise
    can only inflate: it gives the same sum over the estimates' moves away from their observed
    values, which bounds how far noise can have moved the metric (triangle inequality).
    ``least`` and ``most`` are the ends of what it can be; ``share`` says that it is a share of
    something, which can be written in percent, and no amount in the target's own unit. ``level``
    is there for a metric of a quantile: the share of values that are to lie under the answer.
    """

    name: str
    tasks: tuple[str, ...]
    greater_is_better: bool
    prepare: Prepare
    doc: str
    ranks: bool = False
    prepare_noise: Prepare | None = None
    least: float = 0.0
    most: float = 1.0
    share: bool = True
    level: float | None = None

    def statistic(self, y: FloatArray, answers: FloatArray) -> Statistic:
        """Return the metric as a function of how often each row counts."""
        return self._ready(self.prepare, y, answers)

    def noise(self, y: FloatArray, answers: FloatArray) -> Statistic | None:
        """Return the bound on noise as a function of the counts, for a metric that has one."""
        return None if self.prepare_noise is None else self._ready(self.prepare_noise, y, answers)

    def function(self, y: FloatArray, answers: FloatArray) -> float:
        """Return the metric with each row counted once."""
        return float(self.statistic(y, answers)(np.ones((1, len(y))))[0])

    def _ready(self, prepare: Prepare, y: FloatArray, answers: FloatArray) -> Statistic:
        if answers.ndim != 2 or y.shape != answers.shape[:1]:
            raise ValueError(f"{self.name}: y {y.shape} does not fit answers {answers.shape}")
        if not len(y) or not np.isfinite(answers).all() or not np.isfinite(y).all():
            return undefined
        # An overflow is an answer far from the truth: the metric becomes infinite, no warning.
        with np.errstate(over="ignore", invalid="ignore"):
            inner = prepare(y, answers)

        def statistic(counts: FloatArray) -> FloatArray:
            with np.errstate(over="ignore", invalid="ignore"):
                return inner(counts)

        return statistic


def _mean(terms: FloatArray) -> Statistic:
    return lambda counts: ratio(total(counts * terms), total(counts))


def _auc(y: FloatArray, answers: FloatArray) -> Statistic:
    return rank_auc(answers[:, -1], y == answers.shape[1] - 1)


def _auc_macro(y: FloatArray, answers: FloatArray) -> Statistic:
    each = [rank_auc(answers[:, index], y == index) for index in range(answers.shape[1])]
    return lambda counts: mean_of_defined(np.stack([one(counts) for one in each], axis=1))


def _average_precision(y: FloatArray, answers: FloatArray) -> Statistic:
    return average_precision(answers[:, -1], y == answers.shape[1] - 1)


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


def _found(
    y: FloatArray, answers: FloatArray
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]:
    """Return the counted rows of each class: found, truly in it, and called it.

    Not the whole table of truths against answers, whose cells are the classes squared.
    """
    classes = answers.shape[1]
    truth, called = y.astype(np.intp), predicted_classes(answers)
    right = (truth == called).astype(np.float64)

    def rows(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return (
            counted_cells(truth, classes, counts * right),
            counted_cells(truth, classes, counts),
            counted_cells(called, classes, counts),
        )

    return rows


def _balanced_accuracy(y: FloatArray, answers: FloatArray) -> Statistic:
    rows = _found(y, answers)

    def statistic(counts: FloatArray) -> FloatArray:
        right, truly, _ = rows(counts)
        return mean_of_defined(ratio(right, truly))

    return statistic


def _f1(y: FloatArray, answers: FloatArray) -> Statistic:
    rows = _found(y, answers)
    judged = slice(1, None) if answers.shape[1] == 2 else slice(None)

    def statistic(counts: FloatArray) -> FloatArray:
        right, truly, called = rows(counts)
        return mean_of_defined(ratio(2 * right, truly + called)[:, judged])

    return statistic


def _rmse(y: FloatArray, answers: FloatArray) -> Statistic:
    squared = _mean((answers[:, 0] - y) ** 2)
    return lambda counts: np.sqrt(squared(counts))


def _mae(y: FloatArray, answers: FloatArray) -> Statistic:
    return _mean(np.abs(answers[:, 0] - y))


def _median_absolute_error(y: FloatArray, answers: FloatArray) -> Statistic:
    errors = np.abs(answers[:, 0] - y)
    order = np.argsort(errors, kind="stable")
    errors = errors[order]

    def statistic(counts: FloatArray) -> FloatArray:
        seen = np.cumsum(np.take(counts, order, axis=1), axis=1)
        rows = seen[:, -1]
        # The k-th counted row (from 0) is the first where more than k are seen.
        middle = [(seen <= k[:, None]).sum(axis=1) for k in ((rows - 1) // 2, rows // 2)]
        lower, upper = (errors[np.minimum(m, len(errors) - 1)] for m in middle)
        return np.where(rows > 0, 0.5 * (lower + upper), math.nan)

    return statistic


def _r2(y: FloatArray, answers: FloatArray) -> Statistic:
    squared = (answers[:, 0] - y) ** 2
    # Centred once, so that a large common offset does not cancel the digits that matter.
    centred = y - y.mean()
    from_middle = centred**2
    if centred.min() == centred.max():
        return undefined

    def statistic(counts: FloatArray) -> FloatArray:
        mean = ratio(total(counts * centred), total(counts))
        spread = total(counts * (centred - mean[:, None]) ** 2)
        # What is left of equal values after subtracting their mean is rounding, no spread.
        spread[spread <= _ROUNDING * total(counts * from_middle)] = 0.0
        return 1 - ratio(total(counts * squared), spread)

    return statistic


def _mape(y: FloatArray, answers: FloatArray) -> Statistic:
    measurable = (y != 0).astype(np.float64)
    terms = np.abs(answers[:, 0] - y) / np.where(y != 0, np.abs(y), 1.0) * measurable
    return lambda counts: ratio(total(counts * terms), total(counts * measurable))


_EITHER = (BINARY, MULTICLASS)
_VALUE = (REGRESSION,)


def _pinball(level: float) -> Prepare:
    def prepare(y: FloatArray, answers: FloatArray) -> Statistic:
        above = y - answers[:, 0]
        return _mean(np.where(above >= 0.0, level * above, (level - 1.0) * above))

    return prepare


def _below(y: FloatArray, answers: FloatArray) -> Statistic:
    return _mean((y <= answers[:, 0]).astype(np.float64))


_OF_QUANTILES = re.compile(r"(pinball|below)_([1-9][0-9]?)")


class _Metrics(dict[str, Metric]):
    """Metrics by name; those of a quantile are not listed, and made when they are named."""

    def __missing__(self, name: str) -> Metric:
        named = _OF_QUANTILES.fullmatch(name)
        if named is None:
            raise KeyError(name)
        level = int(named[2]) / 100.0
        if named[1] == "below":
            doc = f"Share of rows whose value is at most the answer; {level:g} is asked for."
            return Metric(name, _VALUE, True, _below, doc, level=level)
        return Metric(
            name,
            _VALUE,
            False,
            _pinball(level),
            f"Mean of {level:g} x (y - answer) where the value lies above the answer, and of "
            f"{1 - level:g} x (answer - y) where below: least for the answer under which a share of"
            f" {level:g} of the values lies (Koenker and Bassett 1978).",
            most=math.inf,
            share=False,
            level=level,
        )

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and _OF_QUANTILES.fullmatch(name) is not None
        )


METRICS: Mapping[str, Metric] = _Metrics(
    (metric.name, metric)
    for metric in (
        Metric(
            "auc",
            (BINARY,),
            True,
            _auc,
            "Share of (positive, negative) pairs ranked the right way round, a tie counting half: "
            "the Mann-Whitney U over its maximum (Hanley and McNeil 1982).",
            ranks=True,
        ),
        Metric(
            "auc_macro",
            (MULTICLASS,),
            True,
            _auc_macro,
            "Mean over the classes among the rows of the auc of that class against the rest "
            "(Provost and Domingos 2000, unweighted).",
            ranks=True,
        ),
        Metric(
            "log_loss",
            _EITHER,
            False,
            _log_loss,
            "Mean of -ln p(true class), p held within [1e-15, 1 - 1e-15] (Good 1952).",
            most=math.inf,
            share=False,
        ),
        Metric(
            "brier",
            _EITHER,
            False,
            _brier,
            "Two classes: mean of (p(positive) - y)^2, from 0 to 1. More: mean over rows of the "
            "sum over classes of (p - [is the class])^2, from 0 to 2 (Brier 1950).",
            most=2.0,
            share=False,
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
            ranks=True,
        ),
        Metric(
            "ece",
            _EITHER,
            False,
            ece,
            "Expected calibration error: rows in 15 bins of equal count by stated probability (of "
            "the positive class; with more classes of the top one), sum of share x |mean stated - "
            "share that happened| (Guo and others 2017, equal counts after Nixon and others 2019).",
            prepare_noise=ece_noise,
        ),
        Metric(
            "rmse",
            _VALUE,
            False,
            _rmse,
            "Square root of the mean of (answer - y)^2.",
            most=math.inf,
            share=False,
        ),
        Metric("mae", _VALUE, False, _mae, "Mean of |answer - y|.", most=math.inf, share=False),
        Metric(
            "median_absolute_error",
            _VALUE,
            False,
            _median_absolute_error,
            "Median of |answer - y|; of an even number of rows the mean of the middle two.",
            most=math.inf,
            share=False,
        ),
        Metric(
            "r2",
            _VALUE,
            True,
            _r2,
            "1 - sum (answer - y)^2 / sum (y - mean y)^2; undefined where y is constant.",
            least=-math.inf,
        ),
        Metric(
            "mape",
            _VALUE,
            False,
            _mape,
            "Mean of |answer - y| / |y| over the rows where y is not zero.",
            most=math.inf,
        ),
        Metric(
            "planted_auc",
            (ANOMALY,),
            True,
            planted_auc,
            "Share of (planted, real) pairs in which the planted row is the more unusual, a tie "
            "counting half.",
        ),
        Metric(
            "planted_found",
            (ANOMALY,),
            True,
            found,
            "Share of the planted rows with a p-value of at most .05.",
        ),
        Metric(
            "mixed_found",
            (ANOMALY,),
            True,
            found_mixed,
            "The same of the planted rows whose cells come from two rows.",
        ),
        Metric(
            "moved_found",
            (ANOMALY,),
            True,
            found_moved,
            "The same of the planted rows of which a few numbers were moved away.",
        ),
        Metric(
            "false_alarms",
            (ANOMALY,),
            False,
            false_alarms,
            "Share of real rows it never saw with a p-value of at most .05: .05 where the p-values "
            "hold.",
        ),
        Metric(
            "silhouette",
            (CLUSTERING,),
            True,
            silhouette,
            "Mean of 1 - distance to the nearest centre / distance to the second nearest "
            "(simplified silhouette, after Rousseeuw 1987).",
        ),
        Metric(
            "stability",
            (CLUSTERING,),
            True,
            stability,
            "Adjusted Rand index (Hubert and Arabie 1985) of the clusters and those of a fit on "
            "rows drawn again, over rows neither was fitted on.",
            least=-1.0,
        ),
    )
)


def metrics_for(task: str, metric: str | None = None) -> tuple[Metric, ...]:
    """Return the metrics of a task, such as ``binary``, in order.

    Parameters
    ----------
    metric
        The one that decides: of a quantile it stands first, beside how many values lie below.

    >>> [metric.name for metric in metrics_for("regression")]
    ['rmse', 'mae', 'median_absolute_error', 'r2', 'mape']
    >>> [metric.name for metric in metrics_for("regression", "pinball_90")][:3]
    ['pinball_90', 'below_90', 'rmse']
    """
    usual = tuple(each for each in METRICS.values() if task in each.tasks)
    if metric is None or level_of(metric) is None:
        return usual
    percent = metric.rpartition("_")[2]
    return (METRICS[f"pinball_{percent}"], METRICS[f"below_{percent}"], *usual)


def level_of(metric: str) -> float | None:
    """Return the share of values that a metric asks to lie under the answer; None of the mean.

    >>> level_of("pinball_90"), level_of("rmse")
    (0.9, None)
    """
    return METRICS[metric].level if metric in METRICS else None
