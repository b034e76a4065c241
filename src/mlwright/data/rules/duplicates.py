"""Rows that stand twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlwright.data.column import Places
from mlwright.data.likeness import needed, surprise
from mlwright.data.rules.rule import Marks, Rule, counted
from mlwright.data.sheet import Sheet

BY_CHANCE = 0.01
_MOST_JUDGED = 20_000
_HALF = 0.5


def _find(sheet: Sheet) -> Iterator[Marks]:
    again = sheet.repeats
    if not len(again):
        return
    unlikely = _unlikely(sheet, again, sheet.repeated)
    usual = len(again) - int(unlikely.sum())
    if usual:
        yield Marks(
            None,
            f"{counted(usual, 'row')} as an earlier one in every cell, which so few and so common "
            "values make likely",
        )
    if unlikely.any():
        yield Marks(None, "every cell is as in an earlier row", again[unlikely])


def _unlikely(sheet: Sheet, again: Places, alike: Places) -> npt.NDArray[np.bool_]:
    """Return which repeats are no matter of chance; of very many, all are judged by some."""
    places = alike[:: max(1, len(alike) // _MOST_JUDGED)]
    bits = surprise(sheet.rows, places, np.setdiff1d(sheet.known, alike), sheet.names)
    found = bits.sum(axis=1) >= needed(sheet.cells.height, BY_CHANCE)
    if len(places) == len(alike):
        return np.asarray(found[np.searchsorted(places, again)])
    return np.full(len(again), bool(found.mean() > _HALF))


RULE = Rule(
    "duplicate",
    "A row whose every cell is as in an earlier row. Where columns are few and their values "
    "common, so that more than one row in 100 would repeat by chance, it is told of the table.",
    _find,
)
