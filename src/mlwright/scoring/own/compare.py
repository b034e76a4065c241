"""Hold what a step makes of some rows against what it made of all of them, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from mlwright.core.errors import DataError, MlwrightError
from mlwright.data.digests import columns_of
from mlwright.data.normalise import normalise
from mlwright.scoring.frames import cast_column
from mlwright.scoring.own.records import Difference

Make = Callable[[pl.DataFrame], pl.DataFrame]

_CLOSE = 1e-9
_SHOWN = 60


_PARTS = 3


def alone(height: int) -> list[list[int]]:
    """Return the places of each row by itself."""
    return [[place] for place in range(height)]


def pieces(height: int) -> list[list[int]]:
    """Return the places of parts of a table, the rows of each turned round.

    >>> pieces(5)
    [[3, 0], [4, 1], [2]]
    """
    return [list(range(part, height, _PARTS))[::-1] for part in range(_PARTS)]


def first_difference(
    make: Make, parts: Sequence[Sequence[int]], given: pl.DataFrame, whole: pl.DataFrame
) -> Difference | None:
    """Return the first cell that is another when a step is asked for parts of a table.

    Parameters
    ----------
    parts
        The places of the rows of each part.
    given
        The whole table.
    whole
        What the step made of it.
    """
    together, _ = normalise(whole)
    for places in parts:
        if not places:
            continue
        part = pl.Series(places, dtype=pl.UInt32)
        try:
            made = make(given[part])
        except MlwrightError as error:
            where = error.facts.get("row")
            row = places[where if isinstance(where, int) else 0]
            return Difference(row, "", "a table", f"raised: {error.message}", close=False)
        found = _difference(made, together[part])
        if found is not None:
            place, column, old, new, close = found
            return Difference(places[place], column, old, new, close=close)
    return None


def _difference(
    made: pl.DataFrame, expected: pl.DataFrame
) -> tuple[int, str, str, str, bool] | None:
    if set(made.columns) != set(expected.columns):
        (name, *_) = sorted({*made.columns} ^ {*expected.columns})
        has = name in expected.columns
        return (
            0,
            name,
            "a column" if has else "no column",
            "no column" if has else "a column",
            False,
        )
    usual, _ = normalise(made)
    for column in columns_of(expected):
        old = expected[column.name]
        try:
            new = cast_column(usual[column.name], column)
        except DataError:
            new = usual[column.name]
            return 0, column.name, _shown(old[0]), f"{_shown(new[0])} ({new.dtype})", False
        place = _first(_bits(old), _bits(new))
        if place is not None:
            then, now = old[place], new[place]
            return place, column.name, _shown(then), _shown(now), _close(then, now)
    return None


def _bits(series: pl.Series) -> pl.Series:
    """Return a column so that equal cells are equal bits: 0.0 and -0.0 are not."""
    if series.dtype != pl.Float64:
        return series
    # What is missing is null by now, and one NaN in the numbers.
    numbers = np.array(series.fill_null(math.nan).to_numpy(), dtype=np.float64)
    return pl.Series(series.name, numbers.view(np.int64))


def _first(old: pl.Series, new: pl.Series) -> int | None:
    differ = old.ne_missing(new)
    return differ.arg_max() if differ.any() else None


def _close(old: object, new: object) -> bool:
    if not (
        isinstance(old, float)
        and isinstance(new, float)
        and math.isfinite(old)
        and math.isfinite(new)
    ):
        return False
    return abs(old - new) <= _CLOSE * max(abs(old), abs(new))


def _shown(value: object) -> str:
    told = "nothing" if value is None else repr(value)
    return told if len(told) <= _SHOWN else told[:_SHOWN] + "…"
