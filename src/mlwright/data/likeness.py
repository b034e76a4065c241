"""How unlikely it is that two rows agree by chance, in bits: a code length of the cells they share.

Each column is predicted from the one other column that tells most about it (a tree as Chow and
Liu's, 1968, chosen by leaving each row out), so that cells which follow from others count little.
A cell that repeats the number of another cell of its row counts as what such a repeat is worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

MOST_ROWS = 10_000
_MOST_PARENTS = 20
_MOST_COLUMNS = 60
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


def surprise(
    rows: Callable[[Sequence[str], Places], pl.DataFrame],
    places: Places,
    known: Places,
    names: Sequence[str],
) -> Bits:
    """Return what each cell of some rows is worth, in bits: rows x columns in the order of names.

    Parameters
    ----------
    rows
        Gives some columns of some rows.
    places
        The rows that are alike; they are left out of what is learnt.
    known
        The rows that may be learnt from; at most ``MOST_ROWS`` of them, evenly drawn, are.
    """
    rest = np.setdiff1d(known, places)
    if not len(rest):
        return np.zeros((len(places), len(names)))
    learnt = rest[:: max(1, len(rest) // MOST_ROWS)][:MOST_ROWS]
    both = rows(names, np.concatenate([learnt, places]))
    count = len(learnt)
    cells = [_coded(both[name], count) for name in names]
    bits = np.zeros((len(places), len(names)))
    order = np.argsort([-each.different for each in cells], kind="stable")
    first = [cells[other] for other in order[:_MOST_PARENTS]]
    # Columns beyond these are taken to be worth nothing, which names fewer rows and no more.
    for place, column in enumerate(order[:_MOST_COLUMNS]):
        before = [cells[other] for other in order[:place]]
        parent = _parent(cells[column], before[:_MOST_PARENTS], count)
        bits[:, column] = _cost(cells[column], parent, count)[count:]
        repeats = _repeats(cells[column], before, first, count)
        bits[:, column] = np.minimum(bits[:, column], repeats)
    return np.maximum(bits, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """A column as numbers of its different values, with how often each is learnt from."""

    series: pl.Series
    codes: _Codes
    times: Bits
    different: int

    @property
    def is_amount(self) -> bool:
        """Whether the column holds many numbers, so that two of them are not equal by chance."""
        many = self.series.dtype.is_numeric() and self.different >= _FEWEST_AMOUNTS
        return many and self.times.max() * 2 < len(self.series)


def _coded(series: pl.Series, count: int) -> _Cells:
    codes = series.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    return _Cells(series, codes, _times(codes, count), len(np.unique(codes[:count])))


def _parent(own: _Cells, parents: Sequence[_Cells], count: int) -> _Cells | None:
    best, least = None, _cost(own, None, count)[:count].mean()
    for parent in parents:
        cost = _cost(own, parent, count)[:count].mean()
        if cost < least:
            best, least = parent, cost
    return best


def _cost(own: _Cells, parent: _Cells | None, count: int) -> Bits:
    """Return the code length of each row's cell; a row that is learnt from is left out itself."""
    itself = np.zeros(len(own.codes))
    itself[:count] = 1
    chance = (own.times - itself + _OWN) / (count - itself + _OWN * (own.different + 1))
    if parent is not None:
        pair = own.codes * (parent.codes.max() + 1) + parent.codes
        together = _times(pair, count) - itself
        chance = (together + _PRIOR * chance) / (parent.times - itself + _PRIOR)
    return np.asarray(-np.log2(chance))


def _times(codes: _Codes, count: int) -> Bits:
    """Return how often each row's code stands among the rows that are learnt from."""
    _, places = np.unique(codes, return_inverse=True)
    times = np.bincount(places[:count], minlength=int(places.max(initial=0)) + 1)
    return times[places].astype(np.float64)


def _repeats(own: _Cells, parents: Sequence[_Cells], cells: Sequence[_Cells], count: int) -> Bits:
    """Return what it is worth that a cell repeats another of its row; infinity where none does."""
    bits = np.full(len(own.codes) - count, np.inf)
    if not own.is_amount:
        return bits
    for parent in parents:
        if not parent.is_amount:
            continue
        equal = (own.series == parent.series).fill_null(value=False)
        if equal.head(count).mean() >= _REPEATED:  # type: ignore[operator]
            # That it repeats may itself follow from a third column, as in a customer's first month.
            told = _coded(equal, count)
            others = [each for each in cells if each is not own and each is not parent]
            cost = _cost(told, _parent(told, others, count), count)[count:]
            bits = np.where(equal.to_numpy()[count:], np.minimum(bits, cost), bits)
    return bits
