"""Libraries that compare in 32 bits, and the threshold in 64 bits that says the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix

Single = NDArray[np.float32]
Numbers = NDArray[np.float64]

_LARGEST = np.finfo(np.float32).max
# LightGBM's library reads a number nearer to 0 than this as 0.
_ZERO = 1e-35


def in_single(X: Matrix) -> Single:
    """Return features in 32 bits, each the nearest; those beyond 32 bits are the largest.

    >>> in_single(np.array([[0.1, 1e300, 1e-300, np.nan]])).tolist()
    [[0.10000000149011612, 3.4028234663852886e+38, 0.0, nan]]
    """
    return np.clip(as_read(X), -_LARGEST, _LARGEST).astype(np.float32)


def as_read(X: Matrix) -> Matrix:
    """Return features as LightGBM's library reads them when it answers.

    >>> as_read(np.array([[1e-36, 0.1]])).tolist()
    [[0.0, 0.1]]
    """
    return np.where(np.abs(X) <= _ZERO, 0.0, X)


def at_most(threshold: Single) -> Numbers:
    """Return the largest number of 64 bits whose nearest of 32 bits is at most a threshold.

    ``in_single(x) <= threshold`` is ``x <= at_most(threshold)`` for every ``x``.
    """
    threshold = np.asarray(threshold, dtype=np.float32)
    held = np.clip(threshold, -_LARGEST, np.nextafter(_LARGEST, np.float32(0)))
    low = held.astype(np.float64)
    high = np.nextafter(held, np.float32(np.inf)).astype(np.float64)
    middle = low + (high - low) / 2.0
    # Halfway, rounding takes the even one of the two.
    found = np.where(middle.astype(np.float32) <= held, middle, np.nextafter(middle, -np.inf))
    # Numbers beyond 32 bits are clipped to the largest and the smallest.
    found = np.where(threshold >= _LARGEST, np.inf, found)
    return np.where(threshold < -_LARGEST, -np.inf, found)


def below(threshold: Single) -> Numbers:
    """Return the largest number of 64 bits whose nearest of 32 bits is under a threshold.

    ``in_single(x) < threshold`` is ``x <= below(threshold)`` for every ``x``.
    """
    threshold = np.asarray(threshold, dtype=np.float32)
    return at_most(np.nextafter(threshold, np.float32(-np.inf)))
