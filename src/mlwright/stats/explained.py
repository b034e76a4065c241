"""How much of an answer one grouping of rows explains, on rows it was not fitted on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Numbers = npt.NDArray[np.float64]
_Codes = npt.NDArray[np.int64]

SURELY = 3.0
"""So many standard errors below its estimate a share surely is not."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A share of the answers' squared variation, and its standard error over rows.

    One is all of it; below zero is worse than the mean.
    """

    share: float
    deviation: float

    @property
    def least(self) -> float:
        """What the share surely is, whatever luck these rows had."""
        return self.share - SURELY * self.deviation


NOTHING = Explained(0.0, 0.0)


def explained(
    codes: _Codes, answers: _Numbers, folds: _Codes, *, prior: float = 1.0, known: bool = False
) -> Explained:
    """Return what the mean answer of each code's other folds explains of the rows of a fold.

    Parameters
    ----------
    codes
        The group of each row, from 0.
    answers
        Rows x columns: amounts, or one column of zeros and ones a class.
    folds
        The fold of each row, from 0.
    prior
        How many rows of the overall mean stand beside those of a code.
    known
        Judge only rows whose code stands in another fold too.

    >>> codes = np.arange(400) % 2
    >>> explained(codes, codes[:, None].astype(float), np.arange(400) // 2 % 5).share > 0.99
    True
    """
    different, parts = int(codes.max(initial=0)) + 1, int(folds.max(initial=0)) + 1
    place = folds * different + codes
    rows = np.bincount(place, minlength=parts * different).reshape(parts, different)
    others = (rows.sum(axis=0) - rows).astype(np.float64)
    left, whole = np.zeros(len(codes)), np.zeros(len(codes))
    for answer in answers.T:
        sums = np.bincount(place, weights=answer, minlength=parts * different)
        sums = sums.reshape(parts, different)
        outside = sums.sum(axis=0) - sums
        mean = outside.sum(axis=1) / np.maximum(others.sum(axis=1), 1.0)
        told = (outside + prior * mean[:, None]) / (others + prior)
        left += (answer - told.ravel()[place]) ** 2
        whole += (answer - mean[folds]) ** 2
    if known:
        judged = others.ravel()[place] > 0
        left, whole = left[judged], whole[judged]
    return share_of(left, whole)


def straight(x: _Numbers, y: _Numbers) -> Explained:
    """Return what a straight line explains, which groups of a long tail's few rows would not.

    Rows where either is no number are told nothing of. Two numbers are fitted, so that the rows
    may be those that judge.

    >>> x = np.linspace(0.0, 1.0, 50)
    >>> straight(x, 3.0 - 2.0 * x).share
    1.0
    """
    known = np.isfinite(x) & np.isfinite(y)
    left = whole = (y - y[known].mean()) ** 2 if known.any() else np.zeros(len(y))
    if known.sum() > 2:
        # The square of a large number is beyond a float; the share is the same on any scale.
        scaled = x[known] / max(float(np.abs(x[known]).max()), 1e-300)
        one, other = scaled - scaled.mean(), y[known] - y[known].mean()
        squares = float(one @ one)
        if squares:
            left = left.copy()
            left[known] = (other - one * (float(one @ other) / squares)) ** 2
    return share_of(left, whole)


def share_of(left: _Numbers, whole: _Numbers) -> Explained:
    """Return the share explained, from each row's squared error and that of the mean alone."""
    total = float(whole.sum())
    if not total or not math.isfinite(total):
        return NOTHING
    share = 1.0 - float(left.sum()) / total
    spread = float(((left - (1.0 - share) * whole) ** 2).sum())
    return Explained(share, math.sqrt(spread) / total)
