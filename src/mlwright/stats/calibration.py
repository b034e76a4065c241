"""Whether what is stated happens as often as it is stated: bins of equal count, and their gaps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mlwright.stats.counts import FloatArray, IntArray, Statistic, counted_cells, ratio, total
from mlwright.stats.decisions import predicted_classes

_BINS = 15


def ece(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the expected calibration error: the mean gap between stated and happened."""
    stated, happened = stated_and_happened(y, answers)
    order = np.argsort(stated, kind="stable")
    excess = (stated - happened)[order]
    firsts = _firsts(stated[order])

    def statistic(counts: FloatArray) -> FloatArray:
        counted = np.take(counts, order, axis=1)
        seen: FloatArray = np.cumsum(counted, axis=1)
        counted *= excess
        gaps = [
            math.fsum(map(abs, _sums_between(_bin_starts(line, firsts), excesses)))
            for line, excesses in zip(seen, counted, strict=True)
        ]
        return ratio(np.array(gaps), seen[:, -1])

    return statistic


def _firsts(ordered: FloatArray) -> IntArray:
    """Return the first place of each run of equal answers, and the end."""
    new = np.concatenate(([True], ordered[1:] != ordered[:-1], [True]))
    firsts: IntArray = np.flatnonzero(new)
    return firsts


def _bin_starts(seen: NDArray[np.floating], firsts: IntArray) -> IntArray:
    """Return the first place of each bin of about equal count; a bin may hold nothing.

    A run of equal answers goes whole into the bin its middle lies in. ``seen`` is how many rows
    are counted up to and with each place.
    """
    ends = np.arange(_BINS) * (seen[-1] / _BINS)
    # The run in which each bin's start is reached is the only one whose middle is in doubt: all
    # of an earlier run lies before it, all of a later one behind.
    run = np.searchsorted(firsts, np.searchsorted(seen, ends), side="right") - 1
    first, last = firsts[run], firsts[run + 1] - 1
    before = np.where(first > 0, seen[first - 1], 0.0)
    in_doubt = 0.5 * (before + seen[last]) >= ends
    starts: IntArray = np.where(in_doubt, first, last + 1)
    return starts


def _sums_between(starts: IntArray, values: FloatArray) -> list[float]:
    held = np.unique(starts[starts < len(values)])
    summed: list[float] = np.add.reduceat(values, held).tolist()
    return summed


def calibration_bins(stated: FloatArray) -> IntArray:
    """Return each row's bin of about equal count by its stated probability, numbered from 0."""
    order = np.argsort(stated, kind="stable")
    places = np.arange(len(stated))
    starts = _bin_starts(places + 1.0, _firsts(stated[order]))
    bins = np.empty(len(stated), dtype=np.intp)
    bins[order] = np.searchsorted(starts, places, side="right") - 1
    return bins


def ece_noise(y: FloatArray, answers: FloatArray) -> Statistic:
    """Return the mean distance the bins' gaps move from their observed ones."""
    stated, happened = stated_and_happened(y, answers)
    excess = stated - happened
    bins = calibration_bins(stated)

    def gaps(counts: FloatArray) -> FloatArray:
        rows = np.maximum(total(counts), 1.0)
        return counted_cells(bins, _BINS, counts * excess) / rows[:, None]

    seen = gaps(np.ones((1, len(y))))
    return lambda counts: total(np.abs(gaps(counts) - seen))


def stated_and_happened(y: FloatArray, answers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what calibration compares: the stated probability of an event, and the event.

    With two classes the event is the positive class, with more that the top class is right.
    """
    if answers.shape[1] == 2:
        return answers[:, 1], y
    return answers.max(axis=1), (predicted_classes(answers) == y).astype(np.float64)
