"""Rows in clusters around centres, and how sure that is: distances, k-means, silhouette, agreement.

No BLAS and no threads: sums go along contiguous memory in numpy's own order, so that a row and a
table, and two machines, give the same bits.
"""

from __future__ import annotations

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray, Statistic, counted_cells, ratio, total

_BLOCK = 1 << 19
_STARTS, _MOVES = 4, 40


def squares_to(X: FloatArray, centres: FloatArray) -> FloatArray:
    """Return rows x centres: the squared distances."""
    found = np.empty((len(X), len(centres)))
    step = max(1, _BLOCK // max(centres.size, 1))
    for start in range(0, len(X), step):
        some = np.ascontiguousarray(X[start : start + step])
        found[start : start + step] = np.add.reduce((some[:, None, :] - centres) ** 2, axis=2)
    return found


def kmeans(X: FloatArray, count: int, seed: int, *, starts: int = _STARTS) -> FloatArray:
    """Return centres, those of the best of several starts, the largest cluster first."""
    draw = np.random.Generator(np.random.PCG64([seed, count]))
    best, least = X[:1], np.inf
    for _ in range(starts):
        centres = _spread_out(X, count, draw)
        for _ in range(_MOVES):
            squares = squares_to(X, centres)
            nearest = np.argmin(squares, axis=1)
            moved = _means(X, nearest, centres, squares)
            if np.array_equal(moved, centres):
                break
            centres = moved
        loss = float(np.add.reduce(np.min(squares_to(X, centres), axis=1)))
        if loss < least:
            best, least = centres, loss
    sizes = np.bincount(np.argmin(squares_to(X, best), axis=1), minlength=len(best))
    return best[np.argsort(-sizes, kind="stable")]


def _spread_out(X: FloatArray, count: int, draw: np.random.Generator) -> FloatArray:
    """Return rows far from one another (k-means++)."""
    chosen = [int(draw.integers(len(X)))]
    nearest = squares_to(X, X[chosen])[:, 0]
    while len(chosen) < count:
        summed = np.cumsum(nearest)
        place = int(np.searchsorted(summed, draw.random() * summed[-1], side="right"))
        chosen.append(min(place, len(X) - 1))
        nearest = np.minimum(nearest, squares_to(X, X[chosen[-1:]])[:, 0])
    return np.array(X[chosen])


def _means(
    X: FloatArray, nearest: IntArray, centres: FloatArray, squares: FloatArray
) -> FloatArray:
    """Return each cluster's mean; an empty one takes the row farthest from its centre."""
    moved = centres.copy()
    for place in range(len(centres)):
        own = X[nearest == place]
        if len(own):
            moved[place] = np.add.reduce(own, axis=0) / len(own)
        else:
            moved[place] = X[int(np.argmax(np.min(squares, axis=1)))]
    return moved


def silhouettes(distances: FloatArray) -> FloatArray:
    """Return each row's simplified silhouette: from the nearest centre and the second nearest.

    1 where a row lies on its centre, 0 where it lies between two.

    >>> silhouettes(np.array([[1.0, 4.0], [2.0, 2.0]])).tolist()
    [0.75, 0.0]
    """
    nearest, second = np.partition(distances, 1, axis=1)[:, :2].T
    found = np.zeros(len(distances))
    np.divide(second - nearest, second, out=found, where=second > 0)
    return found


def silhouette(y: FloatArray, distances: FloatArray) -> Statistic:  # noqa: ARG001
    """Return the mean of the rows' simplified silhouettes."""
    each = silhouettes(distances)
    return lambda counts: ratio(total(counts * each), total(counts))


def stability(y: FloatArray, distances: FloatArray) -> Statistic:
    """Return how far the clusters agree with those another fit gave, ``y``, beyond chance."""
    return adjusted_rand(y.astype(np.intp), np.argmin(distances, axis=1))


def adjusted_rand(first: IntArray, second: IntArray) -> Statistic:
    """Return the adjusted Rand index of two ways to group rows (Hubert and Arabie 1985)."""
    _, rows = np.unique(first, return_inverse=True)
    _, columns = np.unique(second, return_inverse=True)
    high, wide = int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1
    cell = rows * wide + columns

    def statistic(counts: FloatArray) -> FloatArray:
        table = counted_cells(cell, high * wide, counts).reshape(len(counts), high, wide)
        both = total(_pairs(table).reshape(len(counts), high * wide))
        own = total(_pairs(np.ascontiguousarray(table.sum(axis=2))))
        other = total(_pairs(np.ascontiguousarray(table.sum(axis=1))))
        expected = own * ratio(other, _pairs(total(counts)))
        most = (own + other) / 2
        # Where both have one cluster, or each row its own, they are the same.
        return np.where(most == expected, 1.0, ratio(both - expected, most - expected))

    return statistic


def _pairs(counts: FloatArray) -> FloatArray:
    found: FloatArray = counts * (counts - 1) / 2
    return found


def shuffled(X: FloatArray, seed: int) -> FloatArray:
    """Return the rows with each column in an order of its own: as spread out, without clusters."""
    draw = np.random.Generator(np.random.PCG64([seed, X.shape[1]]))
    return np.column_stack([X[draw.permutation(len(X)), place] for place in range(X.shape[1])])
