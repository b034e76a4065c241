"""From a table to what is judged: the truth as numbers, and the rows' units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlwright.data.table import Table
from mlwright.features.groups import CROSSED as CROSSED
from mlwright.features.groups import Groups as Groups
from mlwright.features.groups import columns_named as columns_named
from mlwright.features.groups import groups_named as groups_named
from mlwright.features.groups import groups_of as groups_of
from mlwright.features.numbers import missing_in
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.train.records import Task
from mlwright.train.target import rows_of, target_values

_CONTENT_ID = r"^([0-9a-f]{32})(?:-\d+)?$"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Rows whose truth the task can be judged on; ``left_out`` counts the others by reason.

    ``places`` are where the rows stand in the table they were taken from.
    """

    table: Table
    y: FloatArray
    left_out: Mapping[str, int]
    places: IntArray


def judgeable(table: Table, task: Task) -> Judged:
    """Return the rows with a truth, and the truth: the class index, or the value."""
    y = target_values(table.frame, task)
    known = np.isfinite(y)
    missing = int(missing_in(table.frame[task.target]).sum())
    strange = "no class of the training rows" if task.classes else "no finite number"
    counts = {
        f"{task.target} is missing": missing,
        f"{task.target} is {strange}": len(y) - int(known.sum()) - missing,
    }
    places = np.flatnonzero(known)
    kept = table if known.all() else rows_of(table, places)
    return Judged(kept, y[known], {why: count for why, count in counts.items() if count}, places)


def units_of(table: Table, unit: str | None) -> IntArray:
    """Return each row's unit, numbered from 0 in the order they appear.

    Parameters
    ----------
    unit
        The column whose equal values belong together; a row without a value is a unit of its
        own. Without a column, rows of equal content are one unit.
    """
    own = pl.format("\0{}", table.row_ids.alias("id"))
    if unit is None:
        named = table.row_ids.str.extract(_CONTENT_ID)
    else:
        named = table.frame[unit].cast(pl.String)
    texts = pl.select(pl.coalesce(named, own)).to_series()
    # Ranks in order of appearance do not depend on the engine's hashing.
    _, first, inverse = np.unique(texts.to_numpy(), return_index=True, return_inverse=True)
    numbered: IntArray = np.argsort(np.argsort(first))[inverse].astype(np.intp)
    return numbered
