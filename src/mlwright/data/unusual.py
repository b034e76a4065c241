"""How unusual a row is among others: its numbers taken together, whatever each is alone.

Each number becomes the place it takes in its column, on the scale of a normal distribution (a
Gaussian copula), so that no column's own shape counts. A row's distance is Mahalanobis', and that
to the nearest of some rows, which sees a place between two clusters where the first is blind.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

_STEPS = 1_024
_POINTS = 4_096
_SHRINKAGE = 0.01
_NEIGHBOURS = 256
_ROWS_AT_ONCE = 4_096

Numbers = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_NORMAL = np.array([NormalDist().inv_cdf((step + 0.5) / _STEPS) for step in range(_STEPS)])
_SHARES = (np.arange(_STEPS) + 0.5) / _STEPS


def placed(values: Numbers, learnt: Numbers) -> Scores:
    """Return where numbers lie among sorted ones, on the scale of a normal distribution.

    Equal numbers take the middle of their places; what is not a number lies in the middle of all.
    """
    points = learnt[:: max(1, len(learnt) // _POINTS)]
    starts = np.flatnonzero(np.concatenate([[True], points[1:] != points[:-1]]))
    ends = np.concatenate([starts[1:], [len(points)]])
    own = np.interp((starts + ends) / (2 * len(points)), _SHARES, _NORMAL)
    scores = np.interp(values, points[starts], own)
    return np.where(np.isnan(values), 0.0, scores).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """How far each row lies from the others, in two ways.

    ``apart`` tells of each row and column how far the cell is from what the row's other cells
    lead to expect, in standard deviations.
    """

    whole: Numbers
    nearest: Numbers
    apart: Numbers


def distances(scores: Scores, fitted: Mask) -> Distances:
    """Return how far rows lie from what fitted rows show; ``scores`` is rows x columns."""
    own = scores[fitted].astype(np.float64)
    width = scores.shape[1]
    correlation = np.corrcoef(own.T) * (1 - _SHRINKAGE) + np.eye(width) * _SHRINKAGE
    precision = np.linalg.inv(correlation)
    turned = scores @ precision
    whole = np.sqrt(np.maximum((turned * scores).sum(axis=1), 0.0))
    apart = turned / np.sqrt(np.diag(precision))
    white = (scores @ np.linalg.cholesky(precision)).astype(np.float32)
    return Distances(whole, _nearest(white, fitted), apart)


def _nearest(white: Scores, fitted: Mask) -> Numbers:
    """Return the distance to the nearest of some fitted rows, to another one for those."""
    known = np.flatnonzero(fitted)
    chosen = known[:: max(1, len(known) // _NEIGHBOURS)][:_NEIGHBOURS]
    others = white[chosen].T
    lengths = (others * others).sum(axis=0)
    found = np.empty(len(white))
    for start in range(0, len(white), _ROWS_AT_ONCE):
        rows = white[start : start + _ROWS_AT_ONCE]
        squared = lengths - 2 * (rows @ others)
        itself = np.flatnonzero((chosen >= start) & (chosen < start + len(rows)))
        squared[chosen[itself] - start, itself] = np.inf
        near = squared.min(axis=1) + (rows * rows).sum(axis=1)
        found[start : start + len(rows)] = np.sqrt(np.maximum(near, 0.0))
    return found
