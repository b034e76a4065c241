"""Student's t: how far out a statistic lies, and where its quantiles are."""

from __future__ import annotations

import math

import numpy as np

from mlwright.stats.counts import FloatArray

_STEPS = 60


def t_above(t: FloatArray, freedom: FloatArray) -> FloatArray:
    """Return the chance of a larger t, by Wallace's normal approximation (1959).

    From 20 degrees of freedom on it is right to a fiftieth of itself down to 1e-6.

    >>> t_above(np.array([2.045]), np.array([29.0])).round(4).tolist()
    [0.025]
    """
    size = np.sqrt(freedom * np.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return np.array([0.5 * math.erfc(z / math.sqrt(2)) for z in (np.sign(t) * size).tolist()])


def t_quantile(chance: float, freedom: float) -> float:
    """Return the t that is exceeded with a chance below one half.

    >>> round(t_quantile(0.025, 29.0), 2)
    2.05
    """
    low, high = 0.0, 1.0
    one = np.array([freedom])
    while t_above(np.array([high]), one)[0] > chance and high < 1e6:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if t_above(np.array([middle]), one)[0] > chance:
            low = middle
        else:
            high = middle
    return high
