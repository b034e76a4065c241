"""Whether a row's loss gives away that the model learnt from it (Yeom and others 2018)."""

from __future__ import annotations

import math

import numpy as np

from mlwright.evaluate.robustness.records import Membership
from mlwright.stats.counts import FloatArray
from mlwright.stats.records import Interval
from mlwright.stats.shares import difference, wilson

MOST_ROWS = 5_000
_LEAST = 1e-15


def losses(y: FloatArray, answers: FloatArray, *, values: bool) -> FloatArray:
    """Return each row's loss: the squared error, or minus the logarithm of its class's share."""
    if values:
        squared: FloatArray = (answers[:, 0] - y) ** 2
        return squared
    stated = answers[np.arange(len(y)), y.astype(np.intp)]
    told: FloatArray = -np.log(np.clip(stated, _LEAST, 1.0))
    return told


def membership(members: FloatArray, others: FloatArray, *, seed: int) -> Membership:
    """Return how much more often rows of the training than others are told to be of it.

    A limit is found on every second row, where it tells most, and judged on the rest, then the
    other way round: a limit judged on the rows it was found on would always tell something.

    Parameters
    ----------
    members, others
        The losses of rows that were learnt from, and of rows that were not.
    """
    if len(members) < 2 or len(others) < 2:
        nothing = Interval(math.nan, math.nan, math.nan)
        why = "There are no rows it did not learn from: whether it gives any away cannot be told."
        return Membership(len(members), 0, nothing, seed, why)
    told = np.zeros(2)
    for half in (0, 1):
        limit = _limit(members[half::2], others[half::2])
        told += [
            (members[1 - half :: 2] <= limit).sum(),
            (others[1 - half :: 2] <= limit).sum(),
        ]
    right = wilson(float(told[0]), len(members))
    wrong = wilson(float(told[1]), len(others))
    gap = difference(right, wrong)
    said = (
        f"By its loss {right.value:.1%} of training rows are told to be such, and {wrong.value:.1%}"
        f" of others: a gap of {gap.value:.1%} (95 %: {gap.low:.1%} to {gap.high:.1%})."
    )
    return Membership(len(members), len(others), gap, seed, said)


def _limit(members: FloatArray, others: FloatArray) -> float:
    """Return the loss up to which most more members than others lie."""
    limits = np.unique(np.concatenate([members, others]))
    ordered_members, ordered_others = np.sort(members), np.sort(others)
    share = np.searchsorted(ordered_members, limits, side="right") / len(members)
    wrong = np.searchsorted(ordered_others, limits, side="right") / len(others)
    return float(limits[np.argmax(share - wrong)])
