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
_SWEEPS = 2
_ROWS_AT_ONCE = 64

Numbers = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_NORMAL = np.array([NormalDist().inv_cdf((step + 0.5) / _STEPS) for step in range(_STEPS)])
_SHARES = (np.arange(_STEPS) + 0.5) / _STEPS


def placed(values: Numbers, learnt: Numbers) -> Scores:
    """Return where numbers lie among sorted ones, on the scale of a normal distribution.

    Equal numbers take the middle of their places; what is not a number has none.
    """
    points = learnt[:: max(1, len(learnt) // _POINTS)]
    starts = np.flatnonzero(np.concatenate([[True], points[1:] != points[:-1]]))
    ends = np.concatenate([starts[1:], [len(points)]])
    own = np.interp((starts + ends) / (2 * len(points)), _SHARES, _NORMAL)
    found: Scores = np.interp(values, points[starts], own).astype(np.float32)
    return found


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
    """Return how far rows lie from what fitted rows show.

    ``scores`` is rows x columns. A cell that is missing counts as what the others lead to expect.
    """
    width = scores.shape[1]
    absent = np.isnan(scores)
    scores = np.where(absent, np.float32(0), scores)
    correlation = _correlation(scores[fitted])
    precision = np.linalg.inv(correlation * (1 - _SHRINKAGE) + np.eye(width) * _SHRINKAGE)
    for column in list(np.flatnonzero(absent.any(axis=0))) * _SWEEPS:
        rows = np.flatnonzero(absent[:, column])
        own = precision[:, column] / precision[column, column]
        scores[rows, column] -= (scores[rows] * own).sum(axis=1)
    factor = np.linalg.cholesky(precision).astype(np.float32)
    chosen, others = _some(scores, fitted, factor)
    lengths = (others * others).sum(axis=0)
    found = Distances(np.empty(len(scores)), np.empty(len(scores)), np.empty(scores.shape))
    # Few rows at a time, so that none of these small products is worth several threads.
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        turned = scores[some] @ precision
        white = scores[some] @ factor
        squared = lengths - 2 * (white @ others)
        itself = np.flatnonzero((chosen >= start) & (chosen < start + len(white)))
        squared[chosen[itself] - start, itself] = np.inf
        near = squared.min(axis=1) + (white * white).sum(axis=1)
        found.whole[some] = np.sqrt(np.maximum((turned * scores[some]).sum(axis=1), 0.0))
        found.nearest[some] = np.sqrt(np.maximum(near, 0.0))
        found.apart[some] = turned / np.sqrt(np.diag(precision))
    return found


def _correlation(scores: Scores) -> Numbers:
    away = scores - scores.mean(axis=0)
    width = scores.shape[1]
    total = np.zeros((width, width))
    for start in range(0, len(away), _ROWS_AT_ONCE):
        some = away[start : start + _ROWS_AT_ONCE].astype(np.float64)
        total += some.T @ some
    spread = np.sqrt(np.diag(total))
    return np.asarray(total / spread / spread[:, None])


def _some(scores: Scores, fitted: Mask, factor: Scores) -> tuple[npt.NDArray[np.intp], Scores]:
    """Return where some fitted rows lie, and these rows, made round, as columns."""
    known = np.flatnonzero(fitted)
    chosen = known[:: max(1, len(known) // _NEIGHBOURS)][:_NEIGHBOURS]
    return chosen, (scores[chosen] @ factor).T
