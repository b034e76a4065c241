"""A share of rows, with how surely it is known."""

from __future__ import annotations

import math

from mlwright.stats.records import Interval

_QUANTILE = 1.959963984540054
"""Of the normal distribution, 97.5 %."""


def wilson(hits: float, rows: int) -> Interval:
    """Return a share with its 95 % interval by Wilson (1927), which stays within 0 and 1.

    ``hits`` may be a sum of parts between 0 and 1: its mean varies no more than a share does.

    >>> [round(end, 4) for end in (wilson(0, 10).low, wilson(0, 10).high)]
    [0.0, 0.2775]
    """
    if rows == 0:
        return Interval(math.nan, math.nan, math.nan)
    share, square = hits / rows, _QUANTILE**2
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    half = (
        _QUANTILE
        / (1 + square / rows)
        * math.sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    )
    # By rounding alone the formula would leave a trace of a share at an end that was reached.
    low = max(0.0, middle - half) if hits > 0 else 0.0
    high = min(1.0, middle + half) if hits < rows else 1.0
    return Interval(share, low, high)


def difference(first: Interval, second: Interval) -> Interval:
    """Return a share less another of other rows, with its interval by Newcombe (1998).

    >>> found = difference(wilson(56, 70), wilson(48, 80))
    >>> [round(each, 4) for each in (found.value, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Interval(value, value - below, value + above)
