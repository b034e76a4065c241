"""Rows that are alike, told from one number for each row: the sum of its cells' hashes.

Sums are made while columns pass by, so that rows need not be held to be compared: of two halves
of the columns, and of those that are no features. Rows that differ in one cell agree in the half
that does not hold it.
"""

from __future__ import annotations

import math
from threading import Lock

import numpy as np
import polars as pl

from mlwright.data.column import Column, Hashes, Places, repeated


class Sums:
    """What the hashes of each row's cells add up to; columns may come from several threads."""

    def __init__(self, rows: int) -> None:
        self.halves = (np.zeros(rows, np.uint64), np.zeros(rows, np.uint64))
        self._aside = np.zeros(rows, np.uint64)
        self._bits = [0.0, 0.0]
        self._lock = Lock()

    def whole(self, places: Places) -> Hashes:
        """Return the sums over all columns, for some rows."""
        return np.asarray(self.halves[0][places] + self.halves[1][places])

    def add(self, hashes: Hashes, column: Column, *, feature: bool) -> int:
        """Add a column to the half that tells rows apart worse so far, and return which."""
        with self._lock:
            half = int(self._bits[1] < self._bits[0])
            self._bits[half] += math.log2(1 + column.variety * len(column.some))
            np.add(self.halves[half], hashes, out=self.halves[half])
            if not feature:
                np.add(self._aside, hashes, out=self._aside)
        return half

    @property
    def features(self) -> Hashes:
        """The sums over the features alone."""
        return np.asarray(self.halves[0] + self.halves[1] - self._aside)


def alike(sums: Hashes) -> Places:
    """Return the rows whose number stands more than once."""
    again = repeated(sums)
    if not len(again):
        return np.empty(0, np.int64)
    return pl.Series(sums).is_in(pl.Series(again).implode()).arg_true().to_numpy().astype(np.int64)
