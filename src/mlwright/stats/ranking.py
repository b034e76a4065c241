"""How well scores rank positive rows above negative ones, from one sort for all resamples."""

from __future__ import annotations

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


def _summed_before(counts: FloatArray, places: IntArray) -> FloatArray:
    """Return lines x (places + 1): the counts of the first 0, 1, 2 and so on of some rows."""
    sums = np.zeros((len(counts), len(places) + 1))
    np.cumsum(np.take(counts, places, axis=1), axis=1, out=sums[:, 1:])
    return sums


def rank_auc(scores: FloatArray, positive: NDArray[np.bool_]) -> Statistic:
    """Return the share of (positive, negative) pairs in the right order, a tie counting half."""
    found = _ranking(scores, positive)
    tied = bool((found.below < found.up_to).any())

    def statistic(counts: FloatArray) -> FloatArray:
        negatives = _summed_before(counts, found.negatives)
        up = np.take(counts, found.positives, axis=1)
        pairs = total(up) * negatives[:, -1]
        beaten = np.take(negatives, found.below, axis=1)
        if tied:
            # A negative of equal score is half beaten.
            beaten = 0.5 * (beaten + np.take(negatives, found.up_to, axis=1))
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
