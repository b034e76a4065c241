"""One text for the cells of several columns together: the same for a table and for a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Kind
from mlwright.features.records import Value

if TYPE_CHECKING:
    import polars as pl

KEYED = frozenset({Kind.STRING, Kind.INTEGER, Kind.BOOLEAN})
"""The kinds whose cells make a key."""

_BETWEEN = "\x1f"  # the unit separator of ASCII


def key_of(values: Sequence[Value]) -> str:
    """Return the key of a row's cells; a missing one differs from every text.

    >>> key_of(["a", None, True]).split(chr(31))
    ['=a', '', '=1']
    """
    return _BETWEEN.join([_written(value) for value in values])


def _written(value: Value) -> str:
    if value is None:
        return ""
    return f"={int(value)}" if isinstance(value, bool) else f"={value}"


def keys_of(columns: Sequence[pl.Series]) -> pl.Series:
    """Return the key of each row."""
    written = [_written_column(series) for series in columns]
    keys = written[0]
    for each in written[1:]:
        keys = keys + _BETWEEN + each
    return keys.rename("key")


def _written_column(series: pl.Series) -> pl.Series:
    # A truth value goes by way of its number, whose text is 0 or 1.
    numbers = series.cast(int) if series.dtype.base_type().__name__ == "Boolean" else series
    return ("=" + numbers.cast(str)).fill_null("")


def counted(keys: pl.Series, *, least: int, most: int) -> list[str]:
    """Return at most ``most`` keys with at least ``least`` rows, most frequent first."""
    found = keys.value_counts(name="rows")
    pairs = zip(found.to_series(0).to_list(), found["rows"].to_list(), strict=True)
    kept = sorted((-rows, key) for key, rows in pairs if rows >= least)
    return [key for _, key in kept[:most]]


def codes_of(keys: pl.Series, kept: Sequence[str]) -> NDArray[np.intp]:
    """Return the place of each key, and the number of keys for one that is not kept."""
    if not kept:
        return np.zeros(len(keys), dtype=np.intp)
    codes = keys.replace_strict(list(kept), list(range(len(kept))), default=len(kept))
    return np.array(codes.to_numpy(), dtype=np.intp)
