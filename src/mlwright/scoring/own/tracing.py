"""Find out what steps read and what they make of which column, by asking them.

A column is exchanged for one of another type, which any use of it refuses or changes; what comes
back untouched was only handed on. So a limit that no training row reached is seen too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import polars as pl

from mlwright.core.errors import MlwrightError
from mlwright.scoring.own.records import Trace

Make = Callable[[pl.DataFrame], pl.DataFrame]
_Exchange = Callable[[pl.Series], pl.Series]


def trace(make: Make, frame: pl.DataFrame) -> Trace:
    """Return which of a table's columns are read, and of which each made one is made.

    Parameters
    ----------
    make
        Carries the steps out; it did so on this table without an error.
    """
    made = make(frame)
    returned = made.columns
    read = list(_read(make, frame, made, frame.columns))
    kept = {
        name
        for name in frame.columns
        if name in returned and name not in read and _same(made[name], frame[name])
    }
    # One that is read may come back as it was given.
    kept |= {name for name in read if name in returned and _handed_on(make, frame, name)}
    new = [name for name in returned if name not in kept]
    sources = {name: _sources(make, frame, made, name, read) for name in new}
    left_out = tuple(name for name in frame.columns if name not in returned)
    return Trace(tuple(read), sources, left_out)


def _read(
    make: Make, frame: pl.DataFrame, made: pl.DataFrame, names: Sequence[str]
) -> Iterator[str]:
    """Yield the columns that are read, looking at half of them and half again."""
    if not names or not _matters(make, frame, made, names):
        return
    if len(names) == 1:
        yield names[0]
        return
    half = len(names) // 2
    found = list(_read(make, frame, made, names[:half]))
    found += _read(make, frame, made, names[half:])
    # Columns that matter only together are all read.
    yield from found or names


def _matters(make: Make, frame: pl.DataFrame, made: pl.DataFrame, names: Sequence[str]) -> bool:
    """Tell whether other columns come out otherwise, or these not as they went in."""
    returned = [name for name in names if name in made.columns]
    for exchange in _EXCHANGES:
        others = [exchange(frame[name]) for name in names]
        found = _tried(make, frame.with_columns(others))
        expected = made.with_columns(each for each in others if each.name in returned)
        if found is None or not _equal(found, expected):
            return True
    if len(names) == frame.width:
        return False
    removed = _tried(make, frame.drop(names))
    return removed is None or not _equal(removed, made.drop(returned))


def _handed_on(make: Make, frame: pl.DataFrame, name: str) -> bool:
    """Tell whether a column that is read comes back as it went in, whatever it holds.

    Where the steps refuse other types of it, that cannot be told, and it counts as made.
    """
    for exchange in _EXCHANGES:
        changed = frame.with_columns(exchange(frame[name]))
        found = _tried(make, changed)
        if found is None or name not in found.columns or not _same(found[name], changed[name]):
            return False
    return True


def _sources(
    make: Make, frame: pl.DataFrame, made: pl.DataFrame, name: str, read: Sequence[str]
) -> tuple[str, ...]:
    """Return the columns that a made one changes with; all that are read where none is seen to."""
    found = []
    for each in read:
        for turn in (_turned, _emptied, _sorted):
            tried = _tried(make, frame.with_columns(turn(frame[each])))
            if tried is None:
                continue
            if name not in tried.columns or not _same(tried[name], made[name]):
                found.append(each)
                break
    return tuple(found) or tuple(read)


def _tried(make: Make, frame: pl.DataFrame) -> pl.DataFrame | None:
    try:
        return make(frame)
    except MlwrightError:
        return None


def _equal(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.schema == other.schema and one.equals(other, null_equal=True)


def _same(one: pl.Series, other: pl.Series) -> bool:
    return one.dtype == other.dtype and one.equals(other, null_equal=True)


def _lists(series: pl.Series) -> pl.Series:
    return _lists_of(len(series)).alias(series.name)


def _no_lists(series: pl.Series) -> pl.Series:
    return _no_lists_of(len(series)).alias(series.name)


@lru_cache(maxsize=4)
def _lists_of(height: int) -> pl.Series:
    return pl.Series([[str(place)] for place in range(height)])


@lru_cache(maxsize=4)
def _no_lists_of(height: int) -> pl.Series:
    return pl.Series([None] * height, dtype=pl.List(pl.String))


_EXCHANGES: tuple[_Exchange, ...] = (_lists, _no_lists)


def _turned(series: pl.Series) -> pl.Series:
    """Return the same cells, each a row further."""
    return pl.concat([series[-1:], series[:-1]])


def _emptied(series: pl.Series) -> pl.Series:
    return pl.Series(series.name, [None] * len(series), dtype=series.dtype)


def _sorted(series: pl.Series) -> pl.Series:
    return series.sort(nulls_last=True)
