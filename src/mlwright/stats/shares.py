"""A share of rows, with how surely it is known."""

from __future__ import annotations

import math

from mlwright.stats.records import Interval

_QUANTILE = 1.959963984540054
"""Of the normal distribution, 97.5 %."""


def wilson(hits: int, rows: int) -> Interval:
    """Return a share with its 95 % interval by Wilson (1927), which stays within 0 and 1.

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
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))
