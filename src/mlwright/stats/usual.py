"""How far a row lies from what is usual, column by column, and how rarely a row lies so far.

Each number becomes the place it takes among those learnt from, on the scale of a normal
distribution (a Gaussian copula), so that no column's own shape counts; beyond what was seen the
scale goes on in standard deviations. A row's score is half its squared Mahalanobis distance among
these places, half its squared distance to the nearest of some rows as they are, each in units of
its median: the first sees numbers that do not go together, the second a place between clusters,
which close up where places are told by rank. Both are sums over the columns. The
p-value is conformal: the share of rows kept apart, this one among them, that score as high. No
BLAS: a row and a table give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from mlwright.stats.counts import FloatArray
from mlwright.stats.linear import scores_of

GRID = 64
MOST_NEAR = 200
MOST_TOGETHER = 200
"""Features beyond which columns are taken to be independent: the work of a row grows with their
square."""

_SHRINKAGE = 0.05
_FARTHEST = 1e3
_REACH = 10.0
_BLOCK = 1 << 19
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What rows are like.

    ``points`` and ``places`` are features x grid: numbers in order and their places; ``slopes``
    go from each to the next, the last beyond them, as ``tails`` before. ``precision`` is the
    inverse of the places' correlation, ``near`` some rows, ``halves`` twice the median
    of both distances, ``known`` the scores of the rows kept apart, in order.
    """

    points: FloatArray
    places: FloatArray
    slopes: FloatArray
    tails: FloatArray
    precision: FloatArray
    near: FloatArray
    halves: FloatArray
    known: FloatArray


def learn(X: FloatArray, apart: FloatArray) -> Usual:
    """Return what rows are like, from rows and from others kept apart for the p-values.

    Parameters
    ----------
    X, apart
        Rows x features, finite, each feature about as spread out as others.
    """
    columns = [_column(X[:, place]) for place in range(X.shape[1])]
    width = X.shape[1]
    points, places, slopes = (
        np.array([each[part] for each in columns]).reshape(width, GRID) for part in range(3)
    )
    tails = slopes[:, -1].copy()
    drawn = np.arange(min(MOST_NEAR, len(X))) * len(X) // max(1, min(MOST_NEAR, len(X)))
    model = Usual(
        points, places, slopes, tails, np.eye(width), np.zeros((1, width)), np.ones(2), np.zeros(0)
    )
    scores = placed(model, X)
    model = replace(model, precision=_precision(scores), near=_bounded(X[drawn]))
    others = np.ones(len(X), np.bool_)
    others[drawn] = False
    judged = X[others] if others.any() else X
    whole, nearest = (np.add.reduce(each, axis=1) for each in _parts(model, judged))
    model = replace(model, halves=np.array([2 * _median(whole), 2 * _median(nearest)]))
    return replace(model, known=np.sort(score(model, apart)))


def placed(model: Usual, X: FloatArray) -> FloatArray:
    """Return where each number lies among those learnt from."""
    out = np.empty(X.shape)
    step = max(1, _BLOCK // max(model.points.size, 1))
    columns = np.arange(X.shape[1])
    for start in range(0, len(X), step):
        some = np.where(np.isfinite(X[start : start + step]), X[start : start + step], 0.0)
        passed = np.add.reduce(some[:, :, None] >= model.points, axis=2)
        last = np.maximum(passed - 1, 0)
        from_last = some - model.points[columns, last]
        slope = np.where(passed == 0, model.tails, model.slopes[columns, last])
        found = model.places[columns, last] + from_last * slope
        out[start : start + step] = np.clip(found, -_FARTHEST, _FARTHEST)
    return out


def terms(model: Usual, X: FloatArray) -> FloatArray:
    """Return rows x features: what each feature adds to a row's score."""
    whole, nearest = _parts(model, X)
    found: FloatArray = whole / model.halves[0] + nearest / model.halves[1]
    return found


def score(model: Usual, X: FloatArray) -> FloatArray:
    """Return how far each row lies from what is usual; 1 is middling."""
    found: FloatArray = np.add.reduce(np.ascontiguousarray(terms(model, X)), axis=1)
    return found


def farthest(model: Usual, X: FloatArray) -> FloatArray:
    """Return how far out each row lies in the column where it lies farthest, each column alone."""
    found: FloatArray = np.max(np.abs(placed(model, X)), axis=1, initial=0.0)
    return found


def chance(model: Usual, scores: FloatArray) -> FloatArray:
    """Return the conformal p-value of each score."""
    return chance_among(model.known, scores)


def chance_among(known: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the share of scores in order, with each one given itself, that are as high.

    >>> chance_among(np.array([1.0, 2.0, 4.0]), np.array([3.0, 0.5])).tolist()
    [0.5, 1.0]
    """
    as_far = len(known) - np.searchsorted(known, scores, side="left")
    return np.asarray((1.0 + as_far) / (len(known) + 1.0), dtype=np.float64)


def written(model: Usual) -> dict[str, object]:
    """Return the model as plain lists."""
    return {name: getattr(model, name).tolist() for name in Usual.__slots__}


def read(document: Mapping[str, Any]) -> Usual:
    """Return the model that :func:`written` told.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the document is none.
    """
    found = {name: np.array(document[name], dtype=np.float64) for name in Usual.__slots__}
    width = len(found["points"])
    shapes = {
        "points": (width, GRID),
        "places": (width, GRID),
        "slopes": (width, GRID),
        "tails": (width,),
        "precision": (width, width),
        "near": (len(found["near"]), width),
        "halves": (2,),
        "known": (len(found["known"]),),
    }
    for name, shape in shapes.items():
        if found[name].shape != shape:
            raise ValueError(f"{name} is {found[name].shape}, not {shape}")
    return Usual(**found)


def _parts(model: Usual, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what each feature adds to both squared distances."""
    scores = placed(model, X)
    whole = scores * scores_of(scores, model.precision, np.zeros(scores.shape[1]))
    nearest = np.empty(X.shape)
    step = max(1, _BLOCK // max(model.near.size, 1))
    for start in range(0, len(X), step):
        some = np.ascontiguousarray(_bounded(X[start : start + step]))
        apart = (some[:, None, :] - model.near) ** 2
        closest = np.argmin(np.add.reduce(apart, axis=2), axis=1)
        nearest[start : start + step] = apart[np.arange(len(some)), closest]
    return whole, nearest


def _bounded(X: FloatArray) -> FloatArray:
    """Return rows with no number farther out than it may count for being near."""
    found: FloatArray = np.clip(np.where(np.isfinite(X), X, 0.0), -_REACH, _REACH)
    return found


def _column(values: FloatArray) -> tuple[list[float], list[float], list[float]]:
    """Return a column's grid: numbers in order, their places, and the slopes between them."""
    known = np.sort(values)
    distinct, starts = np.unique(known, return_index=True)
    ends = np.append(starts[1:], len(known))
    chosen = np.arange(len(distinct))
    if len(distinct) > GRID:
        ranks = np.arange(GRID) * (len(known) - 1) // (GRID - 1)
        chosen = np.unique(np.searchsorted(distinct, known[ranks]))
    shares = (starts[chosen] + ends[chosen]) / (2 * len(known))
    points = distinct[chosen].tolist()
    places = [_NORMAL.inv_cdf(float(share)) for share in shares]
    slopes = [
        (after - before) / (right - left)
        for before, after, left, right in zip(places, places[1:], points, points[1:], strict=False)
    ]
    rest = GRID - len(points)
    tail = 1.0 / _spread(known)
    # Repeated at the end, so that every column's grid is as long: the last one passed counts.
    return points + points[-1:] * rest, places + places[-1:] * rest, slopes + [tail] * (rest + 1)


def _spread(known: FloatArray) -> float:
    """Return a standard deviation that a few far numbers do not decide."""
    quarter, rest = known[len(known) // 4], known[(3 * len(known)) // 4]
    spread = float(rest - quarter) / 1.349
    if not spread > 0:
        spread = float(np.sqrt(np.add.reduce((known - known[len(known) // 2]) ** 2) / len(known)))
    return spread if np.isfinite(spread) and spread > 0 else 1.0


def _precision(scores: FloatArray) -> FloatArray:
    """Return the inverse of the correlation, drawn towards independence."""
    width = scores.shape[1]
    if width > MOST_TOGETHER:
        return np.eye(width)
    rows = np.ascontiguousarray(scores.T)
    away = rows - (np.add.reduce(rows, axis=1) / rows.shape[1])[:, None]
    products = np.array([np.add.reduce(away * one, axis=1) for one in away])
    spread: FloatArray = np.sqrt(np.diag(products))
    spread[spread <= 0] = 1.0
    correlation: FloatArray = products / spread / spread[:, None]
    np.fill_diagonal(correlation, 1.0)
    return _inverse(correlation * (1 - _SHRINKAGE) + np.eye(width) * _SHRINKAGE)


def _inverse(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a positive definite matrix, by elimination in one order."""
    width = len(matrix)
    both = np.hstack([matrix, np.eye(width)])
    for place in range(width):
        both[place] /= both[place, place]
        factors = both[:, place].copy()
        factors[place] = 0.0
        both -= factors[:, None] * both[place]
    found = both[:, width:]
    return np.ascontiguousarray((found + found.T) / 2)


def _median(values: FloatArray) -> float:
    middle = float(np.sort(values)[len(values) // 2])
    return middle if np.isfinite(middle) and middle > 0 else 1.0
