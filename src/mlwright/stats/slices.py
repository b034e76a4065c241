"""Slices of a table in which a label is rarer or more frequent than in an earlier table.

Whoever flips the labels of one slice on purpose is not found by asking a model that learnt from
them: it has learnt the flips. What does show is the rate of the label in the slice, held against
rows from before. Within one table it does not: slices of clean tables differ from what their
columns give one by one as much as poisoned ones do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mlwright.stats.association import benjamini_hochberg
from mlwright.stats.counts import IntArray

FALSE_DISCOVERIES = 0.01
SMALLEST_SLICE = 30
MOST_SLICES = 10
_WHOLE = ""
"""The name of no column: the slice is all rows."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SlicedColumn:
    """A column cut into few values; ``codes`` are each row's, -1 for a row in none of them."""

    name: str
    codes: IntArray
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RateShift:
    """A slice whose label rate is not what it should be.

    ``where`` are columns with their values, none of all rows. ``rate`` is the label's in the
    slice's ``rows`` now, ``expected`` what it was before; ``chance`` is that of such a difference
    by luck.
    """

    where: tuple[tuple[str, str], ...]
    rows: int
    rate: float
    expected: float
    chance: float


def shifted_slices(
    columns: Sequence[SlicedColumn], labelled: _Mask, later: _Mask
) -> list[RateShift]:
    """Return the slices whose rate in later rows is not that in earlier ones, the surest first.

    A slice is all rows, those with one value of a column, or with two of two columns. Pearson's
    test of two shares where both sides have thirty rows; of all tests those that Benjamini and
    Hochberg (1995) believe at 1 %. Once the surest is told its rows are put aside and the rest is
    tested again, so that what overlaps it is told only for itself; ten at most.

    Parameters
    ----------
    labelled
        Which rows have the label.
    later
        Which rows are compared with the others.
    """
    counted = np.ones(len(labelled), np.bool_)
    found: list[RateShift] = []
    while len(found) < MOST_SLICES:
        tested = list(_tested(columns, labelled, later, counted))
        believed = benjamini_hochberg([shift.chance for shift, _ in tested], FALSE_DISCOVERIES)
        sure = [each for each, is_sure in zip(tested, believed, strict=True) if is_sure]
        if not sure:
            break
        # Of slices that are as sure the smaller one says more.
        shift, (first, i, second, j) = min(sure, key=lambda each: (each[0].chance, each[0].rows))
        found.append(shift)
        counted &= ~((first.codes == i) & (second.codes == j))
    return found


_Cell = tuple[SlicedColumn, int, SlicedColumn, int]


def _tested(
    columns: Sequence[SlicedColumn], labelled: _Mask, later: _Mask, counted: _Mask
) -> Iterator[tuple[RateShift, _Cell]]:
    whole = SlicedColumn(_WHOLE, np.zeros(len(labelled), np.intp), (_WHOLE,))
    alone = [(column, whole) for column in (whole, *columns)]
    for first, second in (*alone, *combinations(columns, 2)):
        then = _cells(first, second, labelled, counted & ~later)
        now = _cells(first, second, labelled, counted & later)
        enough = (then.sum(axis=2) >= SMALLEST_SLICE) & (now.sum(axis=2) >= SMALLEST_SLICE)
        for i, j in np.argwhere(enough).tolist():
            where = tuple(
                (column.name, column.values[place])
                for column, place in ((first, i), (second, j))
                if column.name != _WHOLE
            )
            yield _compared(where, then[i, j].tolist(), now[i, j].tolist()), (first, i, second, j)


def _cells(
    first: SlicedColumn, second: SlicedColumn, labelled: _Mask, counted: _Mask
) -> NDArray[np.int64]:
    """Return values x values x (not labelled, labelled): the rows counted in each."""
    shape = (len(first.values), len(second.values), 2)
    known = counted & (first.codes >= 0) & (second.codes >= 0)
    place = (first.codes * shape[1] + second.codes) * 2 + labelled
    return np.bincount(place[known], minlength=math.prod(shape)).reshape(shape)


def _compared(
    where: tuple[tuple[str, str], ...], then: Sequence[int], now: Sequence[int]
) -> RateShift:
    before, after = sum(then), sum(now)
    expected, rate = then[1] / before, now[1] / after
    pooled = (then[1] + now[1]) / (before + after)
    noise = pooled * (1 - pooled) * (1 / before + 1 / after)
    score = abs(rate - expected) / math.sqrt(noise) if noise > 0 else 0.0
    return RateShift(where, after, rate, expected, math.erfc(score / math.sqrt(2)))
