"""The groups of a column, or of several columns crossed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import missing_in, numbers_of

if TYPE_CHECKING:
    import polars as pl

IntArray = NDArray[np.intp]

MANY_VALUES = 10
"""A numeric column with more different values is compared in four bands of equal count."""

CROSSED = " & "
"""Joins the names of columns whose groups are crossed: ``sex & race``."""

_MISSING = "missing"


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
        values.cast(str).fill_null("").to_numpy().astype(object), return_inverse=True
    )
    return _with_missing([str(name) for name in names], codes, missing)


def _with_missing(names: list[str], codes: IntArray, missing: NDArray[np.bool_]) -> Groups:
    """Return groups that hold rows, those without a value last."""
    codes = np.where(missing, len(names), codes)
    held = np.unique(codes)
    all_names = [*names, _MISSING]
    return Groups(tuple(all_names[code] for code in held), np.searchsorted(held, codes))


def _bands(numbers: NDArray[np.float64]) -> Groups:
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75], method="lower"))
    codes = np.searchsorted(edges, numbers, side="left").astype(np.intp)
    bounds = [f"{edge:g}" for edge in edges]
    names = [f"up to {bounds[0]}"]
    names += [f"over {low} up to {high}" for low, high in pairwise(bounds)]
    names.append(f"over {bounds[-1]}")
    return _with_missing(names, codes, ~known)
