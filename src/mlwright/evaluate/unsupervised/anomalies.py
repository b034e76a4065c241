"""Judge an anomaly model: whether its p-values hold, and what of planted odd rows it finds.

Beside it stand a model that calls nothing unusual, and one that looks at each column alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlwright.data.records import Column
from mlwright.data.table import Table
from mlwright.evaluate.estimate import DUMMY, MODEL, Round, estimate
from mlwright.evaluate.records import Curves, Evaluation, Fit, FitVerdict, ReliabilityBin
from mlwright.evaluate.truth import units_of
from mlwright.evaluate.unsupervised.planted import mixed, moved
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.records import Interval
from mlwright.stats.without_target import LEVEL, MIXED, MOVED, REAL, planted_auc
from mlwright.train.records import Task

COLUMNS = "columns"
"""The baseline that looks at each column alone."""

MOST_JUDGED = 10_000
FEWEST_ROWS = 60
"""Rows below which a share of .05 cannot be told from chance."""

_LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)

Answer = Callable[[pl.DataFrame], FloatArray]


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that one model never saw, and what answers them, the baseline of columns too."""

    table: Table
    answer: Answer
    columns: Answer


def judge(
    folds: Sequence[Judged],
    seen: Judged,
    inputs: Sequence[Column],
    task: Task,
    *,
    method: str,
    unit: str | None,
    seed: int,
) -> Evaluation:
    """Return what an anomaly model is worth.

    Parameters
    ----------
    folds
        The rows that judge, with the model that did not see them; one for a sealed test.
    seen
        Some of the rows the model learned from.
    inputs
        The columns it reads.
    """
    given = _answered(folds, inputs, unit, seed)
    real = given.y == REAL
    models = {
        MODEL: given.answers,
        DUMMY: np.ones_like(given.answers),
        COLUMNS: given.alone,
    }
    found = estimate(
        given.y,
        [Round(models, given.folds)],
        task=task.kind.value,
        metric=task.metric,
        groups={},
        units=given.units,
        seed=seed,
    )
    rows = int(real.sum())
    metrics = found.metrics[MODEL]
    learnt = _answered([seen], inputs, None, seed)
    train = float(planted_auc(learnt.y, learnt.answers)(np.ones((1, len(learnt.y))))[0])
    return Evaluation(
        method=method,
        rows=rows,
        metric=task.metric,
        metrics=metrics,
        baselines={name: found.metrics[name] for name in (DUMMY, COLUMNS)},
        gain=found.gains[DUMMY],
        gain_over_linear=found.gains[COLUMNS],
        fit=_fit(metrics["false_alarms"], metrics[task.metric], found.gains[DUMMY], rows, train),
        fairness={},
        groups={},
        curves=Curves(reliability=_validity(given.answers[real, 0]), roc=(), histogram=()),
        left_out={},
        seed=seed,
        resamples=found.resamples,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Answered:
    """What each row is, both answers, its fold and its unit: a planted row's is its own's."""

    y: FloatArray
    answers: FloatArray
    alone: FloatArray
    folds: IntArray
    units: IntArray


def _answered(
    folds: Sequence[Judged], inputs: Sequence[Column], unit: str | None, seed: int
) -> _Answered:
    found: list[_Answered] = []
    first = 0
    for number, fold in enumerate(folds):
        units = units_of(fold.table, unit) + first
        first = int(units.max(initial=first - 1)) + 1
        frame = fold.table.frame
        for kind, some in (
            (REAL, frame),
            (MIXED, mixed(frame, inputs, seed)),
            (MOVED, moved(frame, inputs, seed)),
        ):
            if some is not None:
                y, folded = np.full(frame.height, kind), np.full(frame.height, number, np.intp)
                found.append(_Answered(y, fold.answer(some), fold.columns(some), folded, units))
    return _Answered(
        np.concatenate([each.y for each in found]),
        np.concatenate([each.answers for each in found]),
        np.concatenate([each.alone for each in found]),
        np.concatenate([each.folds for each in found]),
        np.concatenate([each.units for each in found]),
    )


def _fit(alarms: Interval, score: Interval, gain: Interval, rows: int, train: float) -> Fit:
    """Say whether the p-values hold on new rows, and whether anything odd is found."""
    told = (
        f"{alarms.value:.1%} of {rows:,} rows it never saw have a p-value of at most {LEVEL:g},"
        f" where {LEVEL:.0%} should"
    )
    if rows < FEWEST_ROWS:
        verdict, why = FitVerdict.TOO_LITTLE_DATA, f"{told}; of so few rows that tells little"
    elif alarms.low > LEVEL:
        verdict, why = FitVerdict.OVERFIT, f"{told}: new rows differ from those it learned from"
    elif not gain.low > 0:
        verdict, why = FitVerdict.UNDERFIT, f"{told}; planted odd rows are not told from real ones"
    else:
        verdict, why = FitVerdict.GOOD, f"{told}: its p-values hold"
    return Fit(verdict, train, float("nan"), score.value, train - score.value, why)


def _validity(chances: FloatArray) -> tuple[ReliabilityBin, ...]:
    """Return for some levels how many real rows have a p-value up to each: as many as it says."""
    up_to = [chances <= level for level in _LEVELS]
    return tuple(
        ReliabilityBin(0.0, level, int(each.sum()), level, float(each.mean()))
        for level, each in zip(_LEVELS, up_to, strict=True)
    )
