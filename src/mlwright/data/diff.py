"""What differs between two snapshots: rows by id, columns by name, cells by both."""

from __future__ import annotations

import polars as pl

from mlwright.data.digests import hexadecimal, row_digests
from mlwright.data.records import Diff, Snapshot
from mlwright.data.rows import row_ids
from mlwright.data.table import unordered
from mlwright.store.protocol import Store


def diff(a: Snapshot, b: Snapshot, store: Store) -> Diff:
    """Return what was added, removed and changed from ``a`` to ``b``.

    Rows are compared over the columns both have. Without a key both name rows by, a changed row
    is one removed and one added.
    """
    names = [c.name for c in a.columns]
    later = [c.name for c in b.columns]
    shared = [name for name in names if name in later]
    key = a.key if a.key == b.key else None
    old, new = (_rows(unordered(each, store), shared, key) for each in (a, b))
    both = old.join(new, on="row id", how="inner", suffix=" later")
    changed = both.filter(pl.col("row digest") != pl.col("row digest later"))
    return Diff(
        added=_ids(new.join(old, on="row id", how="anti")),
        removed=_ids(old.join(new, on="row id", how="anti")),
        changed=_ids(changed),
        columns_added=tuple(name for name in later if name not in names),
        columns_removed=tuple(name for name in names if name not in later),
        cells={name: count for name in shared if (count := _differing(changed, name))},
    )


def _rows(frame: pl.DataFrame, shared: list[str], key: str | None) -> pl.DataFrame:
    frame = frame.select(shared)
    digests = hexadecimal(row_digests(frame))
    return frame.rename({name: f"column {name}" for name in shared}).with_columns(
        row_ids(frame, key, digests).alias("row id"), digests.alias("row digest")
    )


def _ids(rows: pl.DataFrame) -> tuple[str, ...]:
    return tuple(rows["row id"].sort())


def _differing(changed: pl.DataFrame, name: str) -> int:
    """Count the cells of a column that differ; of two kinds, those that are written differently."""
    old, new = changed[f"column {name}"], changed[f"column {name} later"]
    if old.dtype != new.dtype:
        old, new = old.cast(pl.String), new.cast(pl.String)
    return int(old.ne_missing(new).sum())
