"""Slices of a table in which a model loses more than elsewhere.

Every value of a column, and every two values of two columns, is held against all other rows by
Welch's test (1947) of the mean loss, as Chung and others (2019, Slice Finder) do; of all tests
those are believed that Benjamini and Hochberg (1995) believe. What is told was chosen for being
large: its interval is the one of Benjamini and Yekutieli (2005), widened by the share of slices
that were chosen, so that of all intervals told one in twenty at most misses on average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mlwright.stats.association import benjamini_hochberg
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.records import Interval
from mlwright.stats.slices import SlicedColumn
from mlwright.stats.spread import unit_of
from mlwright.stats.students import t_above, t_quantile

FALSE_DISCOVERIES = 0.05
SMALLEST = 30
SMALLEST_SHARE = 0.01
MOST_PAIRED = 30
"""Columns that are crossed with each other; each alone is looked at always."""

MOST_TOLD = 10
_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class WorseSlice:
    """A slice whose mean loss is above that of all other rows, by ``excess``."""

    where: tuple[tuple[str, str], ...]
    rows: int
    loss: float
    elsewhere: float
    excess: Interval
    chance: float


@dataclass(frozen=True, slots=True)
class Searched:
    """The slices told, which rows each holds, and how many were tried and believed."""

    slices: tuple[WorseSlice, ...]
    members: tuple[IntArray, ...]
    tested: int
    believed: int
    smallest: int


@dataclass(frozen=True, slots=True, eq=False)
class _Tests:
    """One line for each slice: its columns and values as numbers, and what its rows lose."""

    keys: list[tuple[tuple[int, int], ...]]
    rows: FloatArray
    total: FloatArray
    squares: FloatArray


def worst_slices(
    columns: Sequence[SlicedColumn], losses: FloatArray, *, widening: float = 1.0
) -> Searched:
    """Return the slices that lose more than the rest, the surest large ones first.

    Of slices that share most of their rows one is told.

    Parameters
    ----------
    widening
        How much larger the variance of a mean is than rows that have nothing to do with each
        other would give: their units' design effect (Kish 1965).
    """
    smallest = max(SMALLEST, math.ceil(SMALLEST_SHARE * len(losses)))
    # From the mean, so that the squares keep their digits.
    centre = float(losses.mean()) if len(losses) else 0.0
    from_centre = losses - centre
    tests = _tests(columns, from_centre, smallest)
    if not tests.keys:
        return Searched((), (), 0, 0, smallest)
    excess, error, freedom = _welch(tests, from_centre, widening)
    # Of both directions, as the interval is: what is believed does not reach down to nothing.
    chance = np.minimum(2 * t_above(excess / error, freedom), 1.0)
    believed = np.flatnonzero(benjamini_hochberg(chance.tolist(), FALSE_DISCOVERIES))
    level = FALSE_DISCOVERIES * len(believed) / len(tests.keys)
    half = {
        int(each): t_quantile(level / 2, float(freedom[each])) * float(error[each])
        for each in believed
    }
    ranked = sorted(half, key=lambda each: (half[each] - excess[each], -tests.rows[each]))
    told: list[WorseSlice] = []
    members: list[IntArray] = []
    for each in ranked:
        rows = _members(columns, tests.keys[each])
        if any(_share_most(rows, other) for other in members):
            continue
        mean = float(tests.total[each] / tests.rows[each])
        gap = float(excess[each])
        told.append(
            WorseSlice(
                where=tuple(
                    (columns[column].name, columns[column].values[value])
                    for column, value in tests.keys[each]
                ),
                rows=len(rows),
                loss=centre + mean,
                elsewhere=centre + mean - gap,
                excess=Interval(gap, gap - half[each], gap + half[each]),
                chance=float(chance[each]),
            )
        )
        members.append(rows)
        if len(told) == MOST_TOLD:
            break
    return Searched(tuple(told), tuple(members), len(tests.keys), len(believed), smallest)


def design_effect(losses: FloatArray, units: IntArray) -> float:
    """Return how much more the mean varies than rows of no common unit would, at least 1."""
    from_mean = losses - losses.mean() if len(losses) else losses
    apart = float((from_mean**2).sum())
    together = float((np.bincount(units, from_mean) ** 2).sum()) if len(losses) else 0.0
    return max(1.0, together / apart) if apart > 0 else 1.0


def _tests(columns: Sequence[SlicedColumn], losses: FloatArray, smallest: int) -> _Tests:
    keys: list[tuple[tuple[int, int], ...]] = []
    kept: list[tuple[float, float, float]] = []
    squares = losses**2
    alone = []
    for place, column in enumerate(columns):
        found = _sums(column.codes, len(column.values), losses, squares)
        alone.append(found[0])
        for value in _wide(found[0], smallest, len(losses)):
            keys.append(((place, value),))
            kept.append((found[0][value], found[1][value], found[2][value]))
    for first, second in combinations(_paired(columns, alone), 2):
        width = len(columns[second].values)
        codes = columns[first].codes * width + columns[second].codes
        codes = np.where((columns[first].codes < 0) | (columns[second].codes < 0), -1, codes)
        counted = _counted(codes, len(columns[first].values) * width)
        cells = [
            cell
            for cell in _wide(counted, smallest, len(losses))
            # A value that settles the other makes no slice of its own.
            if counted[cell] < alone[first][cell // width]
            and counted[cell] < alone[second][cell % width]
        ]
        if not cells:
            continue
        _, total, of_squares = _sums(codes, len(counted), losses, squares)
        keys += [((first, cell // width), (second, cell % width)) for cell in cells]
        kept += [(counted[cell], total[cell], of_squares[cell]) for cell in cells]
    lines = np.array(kept, dtype=np.float64).reshape(-1, 3)
    return _Tests(keys, lines[:, 0], lines[:, 1], lines[:, 2])


def _paired(columns: Sequence[SlicedColumn], alone: Sequence[FloatArray]) -> list[int]:
    """Return the columns that are crossed: those with the most even values, whatever is lost."""

    def evenness(place: int) -> float:
        shares = alone[place][alone[place] > 0] / max(float(alone[place].sum()), 1.0)
        return float(-(shares * np.log(shares)).sum())

    ranked = sorted(range(len(columns)), key=lambda place: (-evenness(place), place))
    return sorted(ranked[:MOST_PAIRED])


def _sums(
    codes: IntArray, cells: int, losses: FloatArray, squares: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        _counted(codes, cells),
        np.bincount(codes + 1, losses, cells + 1)[1:].astype(np.float64),
        np.bincount(codes + 1, squares, cells + 1)[1:].astype(np.float64),
    )


def _counted(codes: IntArray, cells: int) -> FloatArray:
    """Return how many rows have each code; one below 0 is none."""
    return np.bincount(codes + 1, minlength=cells + 1)[1:].astype(np.float64)


def _wide(counted: FloatArray, smallest: int, rows: int) -> list[int]:
    wide: list[int] = np.flatnonzero((counted >= smallest) & (counted <= rows - smallest)).tolist()
    return wide


def _welch(
    tests: _Tests, losses: FloatArray, widening: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the difference of means, its standard error and the degrees of freedom."""
    inside, outside = tests.rows, len(losses) - tests.rows
    all_total, all_squares = float(losses.sum()), float((losses**2).sum())
    mean, other = tests.total / inside, (all_total - tests.total) / outside
    spread = np.maximum(tests.squares / inside - mean**2, 0.0) / (inside - 1)
    others = np.maximum((all_squares - tests.squares) / outside - other**2, 0.0) / (outside - 1)
    # Of losses that are all alike nothing is told: the error is then the smallest of floats.
    variance = np.maximum(spread + others, np.finfo(np.float64).tiny)
    unit = unit_of(variance)
    freedom = (variance / unit) ** 2 / np.maximum(
        (spread / unit) ** 2 / (inside - 1) + (others / unit) ** 2 / (outside - 1),
        np.finfo(np.float64).tiny,
    )
    error: FloatArray = np.sqrt(widening * variance)
    least: FloatArray = np.maximum(freedom, 1.0)
    return mean - other, error, least


def _members(columns: Sequence[SlicedColumn], key: tuple[tuple[int, int], ...]) -> IntArray:
    inside = np.logical_and.reduce([columns[column].codes == value for column, value in key])
    found: IntArray = np.flatnonzero(inside)
    return found


def _share_most(rows: IntArray, other: IntArray) -> bool:
    shared = len(np.intersect1d(rows, other, assume_unique=True))
    return shared > _OVERLAP * min(len(rows), len(other))
