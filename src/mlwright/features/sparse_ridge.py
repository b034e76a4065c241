"""Ridge regression on few numbers in many columns, in the same order of sums on every machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_ROUNDS = 60
_CLOSE = 1e-10  # of the first residual


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A matrix by its numbers that are not 0, row by row."""

    rows: Places
    columns: Places
    values: Floats
    shape: tuple[int, int]

    def of(self, places: Places) -> Sparse:
        """Return some of the rows."""
        place = np.full(self.shape[0], -1, dtype=np.intp)
        place[places] = np.arange(len(places))
        kept = place[self.rows] >= 0
        rows = place[self.rows[kept]]
        return Sparse(rows, self.columns[kept], self.values[kept], (len(places), self.shape[1]))

    def times(self, matrix: Floats) -> Floats:
        """Return this matrix times one of columns x outputs."""
        each = [self._forward(column) for column in matrix.T]
        return np.column_stack(each) if each else np.zeros((self.shape[0], 0))

    def _forward(self, vector: Floats) -> Floats:
        weights = self.values * vector[self.columns]
        return np.bincount(self.rows, weights=weights, minlength=self.shape[0]).astype(np.float64)

    def _back(self, vector: Floats) -> Floats:
        weights = self.values * vector[self.rows]
        found = np.bincount(self.columns, weights=weights, minlength=self.shape[1])
        return found.astype(np.float64)

    def normal(self, vector: Floats, l2: float) -> Floats:
        """Return what the normal equations of the centred matrix make of a vector."""
        ahead = self._forward(vector)
        return self._back(ahead - np.mean(ahead)) + l2 * vector

    def against(self, y: Floats) -> Floats:
        """Return the products of the columns with centred values."""
        return self._back(y - np.mean(y))


def ridge(matrix: Sparse, y: Floats, l2: float) -> tuple[float, Floats]:
    """Return the intercept and the weights that minimise squares plus ``l2`` times theirs.

    By conjugate gradients, in at most so many rounds.
    """
    rows, columns = matrix.shape
    weights = np.zeros(columns)
    if rows == 0:
        return 0.0, weights
    mean = float(np.mean(y))
    residual = matrix.against(y)
    direction = residual.copy()
    size = float(np.sum(residual * residual))
    goal = size * _CLOSE * _CLOSE
    for _ in range(_ROUNDS):
        if size <= goal:
            break
        ahead = matrix.normal(direction, l2)
        pace = size / float(np.sum(direction * ahead))
        weights = weights + pace * direction
        residual = residual - pace * ahead
        before, size = size, float(np.sum(residual * residual))
        direction = residual + (size / before) * direction
    return mean - float(np.mean(matrix.times(weights.reshape(-1, 1)))), weights
