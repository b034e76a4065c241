"""The mean and the deviation of numbers however large, and how far numbers are apart in it."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from mlwright.stats.counts import FloatArray

_LARGE = 1e100  # of larger numbers squares, or their sums, may be beyond all numbers

Numbers = TypeVar("Numbers", float, FloatArray)


def mean_of(numbers: FloatArray) -> float:
    """Return the mean of numbers, nought of none.

    >>> mean_of(np.array([1.7e308, 1.7e308]))
    1.7e+308
    """
    unit = unit_of(numbers)
    return float(np.mean(numbers / unit)) * unit if len(numbers) else 0.0


def deviation_of(numbers: FloatArray) -> float:
    """Return the standard deviation of finite numbers, nought of none.

    >>> deviation_of(np.array([1.7e308, -1.7e308]))
    1.7e+308
    """
    unit = unit_of(numbers)
    return float(np.std(numbers / unit)) * unit if len(numbers) else 0.0


def apart(first: Numbers, second: Numbers, spread: Numbers | float) -> Numbers:
    """Return how many spreads one number is more than another; infinite beyond all numbers.

    >>> apart(1.7e308, -1.7e308, 1.7e308)
    2.0
    """
    # Halves: the distance between the largest numbers of either sign is no number.
    with np.errstate(over="ignore", invalid="ignore"):
        found: Numbers = 2 * ((first / 2 - second / 2) / spread)
    return found


def unit_of(numbers: FloatArray) -> float:
    """Return what to measure numbers in so that no square of one overflows: mostly 1."""
    reach = float(np.max(np.abs(numbers))) if len(numbers) else 0.0
    return reach if _LARGE < reach < math.inf else 1.0
