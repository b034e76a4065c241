"""A table made of columns in memory, for callers that have no source: rows by their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from mlwright.data.rows import ID_DIGITS
from mlwright.data.table import Table


def table_of(columns: Mapping[str, Any]) -> Table:
    """Return a table of named columns, each row called by its place.

    >>> table_of({"age": [1.0, 2.0]}).frame.shape
    (2, 1)
    """
    frame = pl.DataFrame(dict(columns))
    ids = [f"{place:0{ID_DIGITS}x}" for place in range(frame.height)]
    return Table(frame, pl.Series("row_id", ids, dtype=pl.String))


def columns_of_frame(frame: Any) -> Mapping[str, Any]:
    """Return the columns of a polars, pandas or Arrow table, texts and numbers as they are."""
    found = frame if isinstance(frame, pl.DataFrame) else None
    if found is None and hasattr(frame, "to_pydict"):
        found = pl.DataFrame(frame.to_pydict())
    if found is None:
        found = pl.DataFrame({str(name): _plain(frame[name]) for name in frame.columns})
    return {name: found[name] for name in found.columns}


def _plain(series: Any) -> list[Any]:
    """Return the cells of a pandas column, None where one is missing."""
    missing = series.isna().tolist()
    cells = series.tolist()
    return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
