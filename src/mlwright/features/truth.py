"""The target of the training rows, for the steps that read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix

Places = NDArray[np.intp]

_MOST_CLASSES = 12
"""More classes than this would make as many outputs of each category."""

_CROSSED = 5
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The target of some rows: class indices (``classes`` of them), or values where it is 0.

    ``ordered`` says that the rows are in the order of time. ``units`` numbers what each row belongs
    to, where several rows belong to one: a household's rows tell of each other.
    """

    values: NDArray[np.float64]
    classes: int
    ordered: bool = False
    units: Places | None = None

    @property
    def width(self) -> int:
        """How many numbers tell a row's target: one, or one a class; 0 where they are too many."""
        if self.classes <= 2:
            return 1
        return self.classes if self.classes <= _MOST_CLASSES else 0

    def indicators(self) -> Matrix:
        """Return the target as numbers that have a mean: rows x ``width``."""
        if self.classes == 0:
            return self.values.reshape(-1, 1)
        of = np.array([1.0]) if self.classes == 2 else np.arange(self.classes, dtype=np.float64)
        found: Matrix = np.equal(self.values[:, None], of).astype(np.float64)
        return found

    def of(self, places: Places) -> Truth:
        """Return the target of some of the rows."""
        units = None if self.units is None else self.units[places]
        return Truth(self.values[places], self.classes, self.ordered, units)


def crossed(truth: Truth) -> list[tuple[Places, Places]]:
    """Return the rounds in which each training row is prepared by a step that did not see it.

    Each is the places of the rows that a step learns from and of those that it then prepares.
    Rows in the order of time are cut into blocks, because neighbours share more than their cells.
    No unit is on both sides of a round.
    """
    rows = len(truth.values)
    place = np.arange(rows, dtype=np.uint64)
    if truth.ordered:
        fold = place * np.uint64(_CROSSED) // np.uint64(max(rows, 1))
    elif truth.units is None:
        fold = _mixed(place) % np.uint64(_CROSSED)
    else:
        names, units = np.unique(truth.units, return_inverse=True)
        dealt = np.argsort(np.argsort(_mixed(names.astype(np.uint64)), kind="stable"))
        fold = (dealt[units] % _CROSSED).astype(np.uint64)
    rounds = ((_apart(truth, fold == k), np.flatnonzero(fold == k)) for k in range(_CROSSED))
    return [(learning, prepared) for learning, prepared in rounds if len(prepared)]


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finaliser of splitmix64: numbers without a pattern, and without a generator."""
    mixed = numbers * np.uint64(_MIX[0]) + np.uint64(_MIX[0])
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIX[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIX[2])
    found: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return found


def _apart(truth: Truth, prepared: NDArray[np.bool_]) -> Places:
    """Return the rows to learn from: all others, less those of a unit that is prepared.

    Where none is left, one unit reaching over all rows in time, it is all others.
    """
    others = ~prepared
    if truth.units is None:
        return np.flatnonzero(others)
    strangers = others & ~np.isin(truth.units, truth.units[prepared])
    return np.flatnonzero(strangers if strangers.any() else others)
