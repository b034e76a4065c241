"""Linear scores and the shares they turn into, in one order of summation for a row and a table.

No BLAS: ``X @ w`` differs from the product of one row in the last bits for most rows, and by the
number of threads. A product is made first and summed then, along contiguous memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_BLOCK = 1 << 19  # products held at once: 4 MB


def scores_of(X: Matrix, weights: Matrix, intercepts: Matrix) -> Matrix:
    """Return rows x scores: each an intercept plus the sum of weight times feature.

    >>> scores_of(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5])).tolist()
    [[11.5]]
    """
    X = np.ascontiguousarray(X, dtype=np.float64)
    step = max(1, _BLOCK // max(weights.size, 1))
    scores = np.empty((len(X), len(weights)))
    for start in range(0, len(X), step):
        products = X[start : start + step, None, :] * weights
        scores[start : start + step] = np.add.reduce(products, axis=2) + intercepts
    return scores


def shares_of(scores: Matrix) -> Matrix:
    """Return rows x classes of probabilities from one score a class (softmax).

    >>> shares_of(np.array([[1.0, 1.0]])).tolist()
    [[0.5, 0.5]]
    """
    raised = np.exp(scores - np.maximum.reduce(scores, axis=1, keepdims=True))
    shares: Matrix = raised / np.add.reduce(raised, axis=1, keepdims=True)
    return shares


def shares_of_row(scores: Sequence[float]) -> tuple[float, ...]:
    """Return the probabilities of one row's scores: those of :func:`shares_of`, to the last bit.

    >>> shares_of_row((1.0, 1.0))
    (0.5, 0.5)
    """
    raised = np.exp(np.array(scores) - max(scores))
    return tuple((raised / np.add.reduce(raised)).tolist())
