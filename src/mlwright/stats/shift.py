"""Whether two samples come from one distribution: how far apart, and how likely by luck."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LEAST_EXPECTED = 5.0  # the approximation of chi-squared holds from here on (Cochran, 1954)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two distributions are apart, from 0 to 1, and the chance of that by luck."""

    effect: float
    chance: float


def steps_apart(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Distance:
    """Compare two samples of numbers: Kolmogorov and Smirnov, with Stephens' correction (1970).

    The effect is the largest difference between the shares of values up to any one value. With
    many equal values the chance is too large rather than too small.

    >>> import numpy as np
    >>> steps_apart(np.arange(100.0), np.arange(50.0, 150.0)).effect
    0.5
    """
    first, second = np.sort(first), np.sort(second)
    values = np.concatenate((first, second))
    below = np.searchsorted(first, values, "right") / len(first)
    below -= np.searchsorted(second, values, "right") / len(second)
    effect = float(np.abs(below).max())
    size = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    return Distance(effect, _kolmogorov((size + 0.12 + 0.11 / size) * effect))


def shares_apart(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Distance:
    """Compare how often each category stands in two samples: Pearson's chi-squared.

    The effect is the share of rows that would have to change their category. Rare categories are
    counted as one.

    >>> import numpy as np
    >>> shares_apart(np.array([80, 20]), np.array([60, 40])).effect
    0.2
    """
    effect = float(np.abs(first / first.sum() - second / second.sum()).sum() / 2)
    table = np.stack((first, second)).astype(np.float64)
    smaller = table.sum(axis=1).min() / table.sum()
    rare = table.sum(axis=0) * smaller < _LEAST_EXPECTED
    pooled = np.concatenate((table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)), axis=1)
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return Distance(round(effect, 12), 1.0)
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    statistic = float(((pooled - expected) ** 2 / expected).sum())
    return Distance(round(effect, 12), chi_squared_beyond(statistic, pooled.shape[1] - 1))


def _kolmogorov(value: float) -> float:
    """Return the chance that Kolmogorov's statistic is beyond a value."""
    if value < 0.2:
        return 1.0  # the series converges slowly here, and its sum is 1 to twelve digits
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * value) ** 2) for k in range(1, 101))
    return min(max(2 * math.fsum(terms), 0.0), 1.0)


def chi_squared_beyond(value: float, freedom: int) -> float:
    """Return the chance that a chi-squared value of so many degrees of freedom is beyond a value.

    >>> round(chi_squared_beyond(3.841, 1), 3)
    0.05
    """
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-16:
            n += 1
            term *= x / n
            total += term
        return max(1.0 - total * scale, 0.0)
    # Lentz's continued fraction for the upper part.
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(h * scale, 1.0)
