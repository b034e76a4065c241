"""Columns of which a few cells hold most of the amount."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.tails import FEWEST
from mlwright.data.tally import tally

_SKEWED = 3.0
"""An exponential distribution has 2."""

_HEAPED = 0.01
_SOME = 20_000


def _find(column: Column) -> Iterator[Marks]:
    if column.limits is None or column.identifies:
        return
    ends = np.searchsorted(column.learnt, [column.limits.low, column.limits.high])
    inside = tally(column.learnt[ends[0] : ends[1]][:: max(1, len(column.learnt) // _SOME)])
    skew = inside.skew
    if inside.total < FEWEST or skew is None or abs(skew) < _SKEWED:
        return
    end = column.learnt[ends[1] - 1 if skew > 0 else ends[0]]
    if (column.learnt == end).mean() > _HEAPED:  # a stand-in, or all there can be
        return
    low, median, high = inside.quantiles((0.01, 0.5, 0.99))
    most, few = (
        (f"at most {median:.4g}", f"above {high:.4g}")
        if skew > 0
        else (f"at least {median:.4g}", f"below {low:.4g}")
    )
    yield Marks(
        column.name,
        f"skewed ({skew:.3g}): half of the cells are {most}, one in 100 is {few}; a mean says "
        "little of it",
    )


RULE = Rule(
    "skew",
    "A column of numbers whose third moment over its standard deviation is 3 or more, outliers "
    "left aside; an exponential distribution has 2.",
    each=_find,
)
