"""How well scores rank positive rows above negative ones, from one sort for all resamples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlwright.stats.counts import FloatArray, IntArray, Statistic, ratio, total


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """Positive and negative rows in order of their scores, and where each positive stands.

    ``positives`` and ``negatives`` are row numbers. ``below`` and ``up_to`` say how many negatives
    score less than each positive, and how many no more; ``alike_below`` how many positives score
    less.
    """

    positives: IntArray
    negatives: IntArray
    below: IntArray
    up_to: IntArray
    alike_below: IntArray


def _ranking(scores: FloatArray, positive: NDArray[np.bool_]) -> _Ranking:
    order = np.argsort(scores, kind="stable")
    positives, negatives = order[positive[order]], order[~positive[order]]
    up, down = scores[positives], scores[negatives]
    return _Ranking(
        positives,
        negatives,
        np.searchsorted(down, up, side="left"),
        np.searchsorted(down, up, side="right"),
        np.searchsorted(up, up, side="left"),
    )


_FEW = 0.25
"""The share of negatives up to which it is quicker to sum the stretches between the places asked
for than to sum up to every place."""


def _sums_up_to(rows: IntArray, places: IntArray) -> Callable[[FloatArray], FloatArray]:
    """Return what gives lines x places: the counts of the first so many of some rows.

    Counts are whole numbers, so that every order of summing gives the same bits.
    """
    if len(places) > _FEW * len(rows) or not len(rows):
        return lambda counts: np.take(_summed_before(counts, rows), places, axis=1)
    starts, which = np.unique(np.append(places, 0), return_inverse=True)
    starts, which = starts[starts < len(rows)], which[:-1]

    def sums(counts: FloatArray) -> FloatArray:
        before = np.zeros((len(counts), len(starts) + 1))
        stretches = np.add.reduceat(np.take(counts, rows, axis=1), starts, axis=1)
        np.cumsum(stretches, axis=1, out=before[:, 1:])
        return np.take(before, which, axis=1)

    return sums


def _summed_before(counts: FloatArray, places: IntArray) -> FloatArray:
    """Return lines x (places + 1): the counts of the first 0, 1, 2 and so on of some rows."""
    sums = np.zeros((len(counts), len(places) + 1))
    np.cumsum(np.take(counts, places, axis=1), axis=1, out=sums[:, 1:])
    return sums


def rank_auc(scores: FloatArray, positive: NDArray[np.bool_]) -> Statistic:
    """Return the share of (positive, negative) pairs in the right order, a tie counting half."""
    found = _ranking(scores, positive)
    below = _sums_up_to(found.negatives, found.below)
    tied = bool((found.below < found.up_to).any())
    up_to = _sums_up_to(found.negatives, found.up_to) if tied else below

    def statistic(counts: FloatArray) -> FloatArray:
        up = np.take(counts, found.positives, axis=1)
        ups = total(up)
        pairs = ups * (total(counts) - ups)
        beaten = below(counts)
        if tied:
            # A negative of equal score is half beaten.
            beaten = 0.5 * (beaten + up_to(counts))
        beaten *= up
        return ratio(total(beaten), pairs)

    return statistic


def average_precision(scores: FloatArray, positive: NDArray[np.bool_]) -> Statistic:
    """Return the mean over the positives of the precision at their score."""
    found = _ranking(scores, positive)

    def statistic(counts: FloatArray) -> FloatArray:
        negatives = _summed_before(counts, found.negatives)
        positives = _summed_before(counts, found.positives)
        alarms = negatives[:, -1:] - np.take(negatives, found.below, axis=1)
        precision = positives[:, -1:] - np.take(positives, found.alike_below, axis=1)
        # Where nothing counted scores as high, no positive does either: 0 of at least 1.
        alarms += precision
        precision /= np.maximum(alarms, 1.0, out=alarms)
        precision *= np.take(counts, found.positives, axis=1)
        return ratio(total(precision), positives[:, -1])

    return statistic
