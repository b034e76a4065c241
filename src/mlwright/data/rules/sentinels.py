"""Numbers of nines that stand for something else than an amount."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, counted

_NINES = tuple(sign * (10**digits - 1) for digits in range(2, 10) for sign in (1, -1))
_OFTEN = 5
_APART = 1.5


def _find(column: Column) -> Iterator[Marks]:
    if column.kind in (Kind.INTEGER, Kind.FLOAT) and len(column.learnt):
        yield from _sentinel(column)


def _sentinel(column: Column) -> Iterator[Marks]:
    values = column.learnt
    for end in (values[0], values[-1]):
        if end not in _NINES:
            continue
        times = int((values == end).sum())
        rest = np.abs(values[values != end])
        if times >= _OFTEN and len(rest) and abs(end) >= _APART * rest.max():
            yield Marks(
                column.name,
                f"{counted(times, 'cell')} hold {end:.12g}, far from every other value "
                f'(the next is {rest.max():.12g}): it seems to stand for "missing" or "more"',
                values=[float(end)],
            )


RULE = Rule(
    "sentinel",
    "A number made of nines (`99999`, `-999`) that stands often and far from all others: it "
    "stands for something else than an amount. Told of the column, not row by row.",
    each=_find,
)
