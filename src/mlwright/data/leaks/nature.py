"""What a column is to a row: its name, its moment, what it belongs to, or what it is like."""

from __future__ import annotations

from enum import Enum

import numpy as np
import polars as pl

_NEARLY_ALL = 0.99
_CODED = 0.95
_FEWEST_IDS = 100
_EVEN = 0.05
_FEWEST_GROUPS = 30
_ROWS_A_GROUP = (1.5, 100.0)
_LOOKED_AT = 1_000


class Nature(Enum):
    """What a column's values are to their rows."""

    ID = "id"
    MOMENT = "moment"
    GROUP = "group"
    TRAIT = "trait"


def nature_of(series: pl.Series) -> Nature:
    """Tell ids (no two alike) and groups (each of a few rows) from traits.

    An id of whole numbers was counted out: they lie evenly between their ends, as amounts do not.
    """
    if series.dtype in (pl.Date(), pl.Datetime("us")):
        return Nature.MOMENT
    if series.dtype not in (pl.String(), pl.Int64()):
        return Nature.TRAIT
    known = series.drop_nulls()
    if len(known) < _FEWEST_IDS:
        return Nature.TRAIT
    different = known.hash().n_unique()
    if different >= _NEARLY_ALL * len(known):
        is_id = _is_coded(known) if series.dtype == pl.String() else _is_counted(known)
        return Nature.ID if is_id else Nature.TRAIT
    low, high = _ROWS_A_GROUP
    several = low <= len(known) / different <= high
    return Nature.GROUP if several and different >= _FEWEST_GROUPS else Nature.TRAIT


def _is_coded(known: pl.Series) -> bool:
    some = known.gather_every(max(1, len(known) // _LOOKED_AT))
    return float(str(some.str.contains(r"\d").mean() or 0)) >= _CODED


def _is_counted(known: pl.Series) -> bool:
    numbers = np.sort(known.to_numpy()).astype(np.float64)
    width = numbers[-1] - numbers[0]
    places = (numbers - numbers[0]) / width if width else np.zeros(len(numbers))
    even = np.linspace(0, 1, len(numbers))
    return bool(width and np.abs(places - even).max() <= _EVEN)
