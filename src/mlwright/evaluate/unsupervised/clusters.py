"""Judge clusters: whether they stand apart on rows they were not made of, and come again.

Beside them stand the clusters of the same columns, each shuffled on its own, which has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.evaluate.estimate import DUMMY
from mlwright.evaluate.records import Curves, Evaluation, Fit, FitVerdict
from mlwright.features.numbers import Matrix
from mlwright.stats.bootstrap import observed, replicates, resamples_for, summarise
from mlwright.stats.clusters import (
    adjusted_rand,
    kmeans,
    shuffled,
    silhouette,
    silhouettes,
    squares_to,
)
from mlwright.stats.counts import FloatArray, IntArray, Statistic, mean_of_defined
from mlwright.stats.records import Interval
from mlwright.train.records import Task
from mlwright.train.unsupervised.choose import fits_again

AGAIN, AGAIN_SHUFFLED = 8, 3
"""Fits on rows drawn again, of the table and of its shuffled columns."""

UNSTABLE = 0.5
"""The agreement under which clusters are called another's with other rows."""

FEWEST_ROWS = 60
_STARTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Rows a fit learned from and rows it did not, prepared and bounded, and its centres."""

    learnt: Matrix
    held_out: Matrix
    centres: Matrix


def judge(
    folds: Sequence[Judged], task: Task, *, method: str, units: IntArray, train: float, seed: int
) -> Evaluation:
    """Return what clusters are worth.

    Parameters
    ----------
    folds
        One for a sealed test, one for each fold of a cross-validation.
    units
        Of the rows held out, fold after fold: whole units are resampled.
    train
        The silhouette on rows learned from.
    """
    count = len(folds[0].centres)
    loose = [_loose(each, count, seed) for each in folds]
    rows = sum(len(each.held_out) for each in folds)
    statistics = {
        "silhouette": [_pooled(folds)],
        "shuffled silhouette": [_pooled(loose)],
        "stability": _agreements(folds, count, seed, AGAIN),
        "shuffled stability": _agreements(loose, count, seed, AGAIN_SHUFFLED),
    }
    every = [each for some in statistics.values() for each in some]
    resamples = resamples_for(rows, count)
    drawn = replicates(every, rows, seed=seed, resamples=resamples, units=units)
    values = observed(every, rows)
    found: dict[str, Interval] = {}
    own: dict[str, FloatArray] = {}
    begin = 0
    for name, some in statistics.items():
        lines, value = drawn[begin : begin + len(some)], values[begin : begin + len(some)]
        begin += len(some)
        # Each resample of the rows meets one of the fits, so that both kinds of chance count.
        own[name] = lines[np.arange(resamples) % len(some), np.arange(resamples)]
        found[name] = summarise(float(np.mean(value)), own[name])
    gained = found["silhouette"].value - found["shuffled silhouette"].value
    gain = summarise(gained, own["silhouette"] - own["shuffled silhouette"])
    return Evaluation(
        method=method,
        rows=rows,
        metric=task.metric,
        metrics={name: found[name] for name in ("silhouette", "stability")},
        baselines={
            DUMMY: {name: found[f"shuffled {name}"] for name in ("silhouette", "stability")}
        },
        gain=gain,
        gain_over_linear=Interval(float("nan"), float("nan"), float("nan")),
        fit=_fit(found, gain, rows, train),
        fairness={},
        groups={},
        curves=Curves(reliability=(), roc=(), histogram=()),
        left_out={},
        seed=seed,
        resamples=resamples,
    )


def silhouette_of(X: Matrix, centres: Matrix) -> float:
    """Return the mean simplified silhouette of rows."""
    return float(np.mean(silhouettes(np.sqrt(squares_to(X, centres)))))


def _loose(judged: Judged, count: int, seed: int) -> Judged:
    learnt, held_out = shuffled(judged.learnt, seed), shuffled(judged.held_out, seed + 1)
    return Judged(learnt, held_out, kmeans(learnt, count, seed, starts=_STARTS))


def _pooled(folds: Sequence[Judged]) -> Statistic:
    distances = np.vstack([np.sqrt(squares_to(each.held_out, each.centres)) for each in folds])
    return silhouette(np.zeros(len(distances)), distances)


def _agreements(folds: Sequence[Judged], count: int, seed: int, times: int) -> list[Statistic]:
    """Return for each time the mean over the folds of how far a fit on rows drawn again agrees."""
    of_folds: list[list[Statistic]] = []
    begin = 0
    for each in folds:
        rows = np.arange(begin, begin + len(each.held_out))
        begin += len(rows)
        nearest = np.argmin(squares_to(each.held_out, each.centres), axis=1)
        again = fits_again(each.learnt, count, seed, times)
        labels = (np.argmin(squares_to(each.held_out, centres), axis=1) for centres in again)
        of_folds.append([_among(rows, adjusted_rand(nearest, other)) for other in labels])
    return [_mean(some) for some in zip(*of_folds, strict=True)]


def _among(rows: IntArray, statistic: Statistic) -> Statistic:
    return lambda counts: statistic(np.take(counts, rows, axis=1))


def _mean(statistics: Sequence[Statistic]) -> Statistic:
    return lambda counts: mean_of_defined(np.stack([one(counts) for one in statistics], axis=1))


def _fit(found: dict[str, Interval], gain: Interval, rows: int, train: float) -> Fit:
    """Say whether there are clusters, and whether others would be found with other rows."""
    value, stability = found["silhouette"], found["stability"]
    loose = found["shuffled silhouette"]
    told = (
        f"silhouette {value.value:.3f} on rows it never saw, {loose.value:.3f}"
        f" without clusters; fits on rows drawn again agree by {stability.value:.2f}"
    )
    if rows < FEWEST_ROWS:
        verdict, why = FitVerdict.TOO_LITTLE_DATA, f"{told}; of so few rows that tells little"
    elif not gain.low > 0:
        verdict, why = FitVerdict.UNDERFIT, f"{told}: the rows do not fall into clusters"
    elif stability.value < UNSTABLE:
        verdict, why = FitVerdict.OVERFIT, f"{told}: other rows would give other clusters"
    else:
        verdict, why = FitVerdict.GOOD, f"{told}: the clusters stand apart and come again"
    return Fit(verdict, train, float("nan"), value.value, train - value.value, why)
