"""How unlikely it is that two rows agree by chance, in bits: a code length of the cells they share.

Each column is predicted from the one other column that tells most about it (a tree as Chow and
Liu's, 1968, chosen by leaving each row out), so that cells which follow from others count little.
A cell that repeats the number of another cell of its row counts as what such a repeat is worth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_ROWS = 10_000
_MOST_PARENTS = 20
_OWN = 0.5
_PRIOR = 1.0
_REPEATED = 0.01
_FEWEST_AMOUNTS = 100

Places = npt.NDArray[np.int64]
Bits = npt.NDArray[np.float64]
_Codes = npt.NDArray[np.int64]


def needed(rows: int, by_chance: float) -> float:
    """Return how many bits a row must share to have a twin by chance with less than a probability.

    >>> round(needed(10_000, 1e-5), 1)
    29.9
    """
    return math.log2(rows / by_chance)


def surprise(frame: pl.DataFrame, places: Places, known: Places, names: Sequence[str]) -> Bits:
    """Return what each cell of some rows is worth, in bits: rows x columns in the order of names.

    Parameters
    ----------
    places
        The rows that are alike; they are left out of what is learnt.
    known
        The rows that may be learnt from; at most ``MOST_ROWS`` of them, evenly drawn, are.
    """
    rest = np.setdiff1d(known, places)
    if not len(rest):
        return np.zeros((len(places), len(names)))
    learnt = rest[:: max(1, len(rest) // MOST_ROWS)][:MOST_ROWS]
    both = frame.select(names)[np.concatenate([learnt, places])]
    codes = [both[name].rank("dense").fill_null(0).cast(pl.Int64).to_numpy() for name in names]
    count = len(learnt)
    bits = np.zeros((len(places), len(names)))
    order = np.argsort([-len(np.unique(each[:count])) for each in codes], kind="stable")
    for place, column in enumerate(order):
        parents = order[:place][:_MOST_PARENTS]
        parent = _parent(codes, int(column), parents, count)
        bits[:, column] = _cost(codes, int(column), parent, count)[count:]
        repeats = _repeats(both, codes, names, int(column), order[:place], count)
        bits[:, column] = np.minimum(bits[:, column], repeats)
    return np.maximum(bits, 0.0)


def _parent(codes: Sequence[_Codes], column: int, parents: _Codes, count: int) -> int | None:
    best, least = None, _cost(codes, column, None, count)[:count].mean()
    for parent in parents:
        cost = _cost(codes, column, int(parent), count)[:count].mean()
        if cost < least:
            best, least = int(parent), cost
    return best


def _cost(codes: Sequence[_Codes], column: int, parent: int | None, count: int) -> Bits:
    """Return the code length of each row's cell; a row that is learnt from is left out itself."""
    own = codes[column]
    itself = np.zeros(len(own))
    itself[:count] = 1
    total = count - itself
    different = len(np.unique(own[:count])) + 1
    chance = (_times(own, count) - itself + _OWN) / (total + _OWN * different)
    if parent is not None:
        pair = own * (codes[parent].max() + 1) + codes[parent]
        together = _times(pair, count) - itself
        given = _times(codes[parent], count) - itself
        chance = (together + _PRIOR * chance) / (given + _PRIOR)
    return np.asarray(-np.log2(chance))


def _times(codes: _Codes, count: int) -> Bits:
    """Return how often each row's code stands among the rows that are learnt from."""
    _, places = np.unique(codes, return_inverse=True)
    times = np.bincount(places[:count], minlength=int(places.max(initial=0)) + 1)
    return times[places].astype(np.float64)


def _repeats(
    both: pl.DataFrame,
    codes: Sequence[_Codes],
    names: Sequence[str],
    column: int,
    parents: _Codes,
    count: int,
) -> Bits:
    """Return what it is worth that a cell repeats another of its row; infinity where none does."""
    bits = np.full(both.height - count, np.inf)
    series = both[names[column]]
    if not _is_amount(series.head(count)):
        return bits
    for parent in parents:
        other = both[names[parent]]
        if not _is_amount(other.head(count)):
            continue
        equal = (series == other).fill_null(value=False).to_numpy()
        if equal[:count].mean() >= _REPEATED:
            # That it repeats may itself follow from a third column, as in a customer's first month.
            wider = [*codes, equal.astype(np.int64)]
            others = np.array([each for each in range(len(codes)) if each not in (column, parent)])
            third = _parent(wider, len(codes), others, count)
            cost = _cost(wider, len(codes), third, count)[count:]
            bits = np.where(equal[count:], np.minimum(bits, cost), bits)
    return bits


def _is_amount(series: pl.Series) -> bool:
    """Whether a column holds many numbers, so that two of them are not equal by chance."""
    if not series.dtype.is_numeric() or series.n_unique() < _FEWEST_AMOUNTS:
        return False
    return int(str(series.value_counts(name="times of it")["times of it"].max())) * 2 < len(series)
