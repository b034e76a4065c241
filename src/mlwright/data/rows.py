"""Row ids: the key where the table has one, else the row's digest and how often it came before."""

from __future__ import annotations

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.names import require_column
from mlwright.data.records import Kind

ID_DIGITS = 32
_KEY_KINDS = (Kind.INTEGER, Kind.STRING, Kind.DATE, Kind.DATETIME)


def row_ids(frame: pl.DataFrame, key: str | None, digests: pl.Series) -> pl.Series:
    """Return an id for each row, in the frame's order.

    ``digests`` are the row digests in hex. Without a key an id is the first 32 digits; equal rows
    after the first end in ``-1``, ``-2`` and so on, so that which of them is which does not
    matter.
    """
    return content_ids(digests) if key is None else as_text(frame[key]).rename("row_id")


def content_ids(digests: pl.Series) -> pl.Series:
    """Return the ids that rows without a key have, from their digests in hex."""
    ids = digests.str.slice(0, ID_DIGITS).rename("row_id")
    if ids.n_unique() == len(ids):
        return ids
    repeat = pl.int_range(pl.len()).over("row_id")
    named = pl.when(repeat == 0).then("row_id").otherwise(pl.format("{}-{}", "row_id", repeat))
    return ids.to_frame().select(named.alias("row_id")).to_series()


def as_text(values: pl.Series) -> pl.Series:
    """Return values that name rows or groups as text that no library's taste decides."""
    if values.dtype == pl.Datetime:
        return values.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    return values.dt.to_string("%Y-%m-%d") if values.dtype == pl.Date else values.cast(pl.String)


def check_key(frame: pl.DataFrame, key: str) -> None:
    """Refuse a key that does not name every row once.

    Raises
    ------
    DataError
        ``column-unknown``, ``key-kind``, ``key-missing-value`` and ``key-duplicate``; rows are
        counted from 1 without the header.
    """
    kind = require_column(columns_of(frame), key, "key").kind
    if kind not in _KEY_KINDS:
        raise DataError(
            "key-kind",
            f"the key {key!r} holds {kind.value} values, which do not name rows",
            fix="name a column of whole numbers, text or dates as key, or none",
            facts={"key": key, "kind": kind.value},
        )
    values = frame[key]
    if values.null_count():
        rows = _places(values.is_null())
        raise DataError(
            "key-missing-value",
            f"the key {key!r} is missing in {values.null_count():,} rows: {_listed(rows)}",
            fix="give every row its key, or run without a key",
            facts={"key": key, "count": values.null_count(), "rows": rows[:100]},
        )
    if values.n_unique() < len(values):
        repeated = values.is_duplicated()
        first = values.filter(repeated)[0]
        rows = _places(values == first)
        raise DataError(
            "key-duplicate",
            f"the key {key!r} stands more than once: {first!r} in rows {_listed(rows)}; "
            f"{int(repeated.sum()):,} rows share their key",
            fix="remove the repeated rows, or name another key; without one, rows are known by "
            "their content",
            facts={"key": key, "value": first, "rows": rows[:100], "count": int(repeated.sum())},
        )


def _places(marked: pl.Series) -> list[int]:
    return [place + 1 for place in marked.arg_true().head(100).to_list()]


def _listed(rows: list[int]) -> str:
    return ", ".join(f"{row:,}" for row in rows[:5]) + (", …" if len(rows) > 5 else "")
