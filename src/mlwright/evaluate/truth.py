"""From a table to what is judged: the truth as numbers, the rows' units, the groups compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlwright.data.table import Table
from mlwright.features.numbers import missing_in, numbers_of
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.train.records import Task
from mlwright.train.target import rows_of, target_values

MANY_VALUES = 10
"""A numeric column with more different values is compared in four bands of equal count."""

CROSSED = " & "
"""Joins the names of columns whose groups are crossed: ``sex & race``."""

_MISSING = "missing"
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


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A column's groups by name, and each row's group as an index into the names."""

    names: tuple[str, ...]
    codes: IntArray


def groups_named(frame: pl.DataFrame, name: str) -> Groups:
    """Return the groups of a column, or of several whose names are joined by `` & ``."""
    found = [groups_of(frame[column]) for column in columns_named(name, frame.columns)]
    return found[0] if len(found) == 1 else _crossed(found)


def columns_named(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a name of groups means: itself, or those it joins.

    >>> columns_named("sex & race", ["sex", "race"]), columns_named("R & D", ["R & D"])
    (('sex', 'race'), ('R & D',))
    """
    return (name,) if name in columns else tuple(name.split(CROSSED))


def _crossed(groups: Sequence[Groups]) -> Groups:
    """Return the groups of rows that are in the same group of each."""
    sizes = [len(each.names) for each in groups]
    codes = np.ravel_multi_index([each.codes for each in groups], sizes)
    held, found = np.unique(codes, return_inverse=True)
    places = np.stack(np.unravel_index(held, sizes), axis=1).tolist()
    names = (
        CROSSED.join(each.names[place] for each, place in zip(groups, some, strict=True))
        for some in places
    )
    return Groups(tuple(names), found.astype(np.intp))


def groups_of(values: pl.Series) -> Groups:
    """Return the groups of a column: its values, or four bands where it has many numbers."""
    if values.dtype.is_numeric() and values.n_unique() > MANY_VALUES:
        return _bands(numbers_of(values))
    missing = missing_in(values)
    names, codes = np.unique(
        values.cast(pl.String).fill_null("").to_numpy().astype(object), return_inverse=True
    )
    return _with_missing([str(name) for name in names], codes, missing)


def _with_missing(names: list[str], codes: IntArray, missing: NDArray[np.bool_]) -> Groups:
    """Return groups that hold rows, those without a value last."""
    codes = np.where(missing, len(names), codes)
    held = np.unique(codes)
    all_names = [*names, _MISSING]
    return Groups(tuple(all_names[code] for code in held), np.searchsorted(held, codes))


def _bands(numbers: FloatArray) -> Groups:
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75], method="lower"))
    codes = np.searchsorted(edges, numbers, side="left").astype(np.intp)
    bounds = [f"{edge:g}" for edge in edges]
    names = [f"up to {bounds[0]}"]
    names += [f"over {low} up to {high}" for low, high in pairwise(bounds)]
    names.append(f"over {bounds[-1]}")
    return _with_missing(names, codes, ~known)
