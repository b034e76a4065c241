"""A snapshot's rows in memory, each with its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mlwright.core.errors import BrokenError
from mlwright.data.digests import hexadecimal
from mlwright.data.names import require_column
from mlwright.data.records import Fragment, Snapshot
from mlwright.data.rows import row_ids
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows and their ids, in an order that depends on the content alone."""

    frame: pl.DataFrame
    row_ids: pl.Series

    def filter(self, keep: pl.Series) -> Table:
        """Return the rows marked true, in the same order."""
        return Table(self.frame.filter(keep), self.row_ids.filter(keep))


def read(
    snapshot: Snapshot,
    store: Store,
    *,
    order_by: str | None = None,
    columns: Sequence[str] | None = None,
) -> Table:
    """Return a snapshot's rows in row-id order, or by a time column and then row id.

    Parameters
    ----------
    order_by
        A column; rows without a value in it come last.
    columns
        Only these, at least one, in this order; all by default.

    Raises
    ------
    DataError
        ``column-unknown`` for ``order_by`` or one of ``columns``.
    """
    names = [column.name for column in snapshot.columns] if columns is None else list(columns)
    needed = dict.fromkeys([*names, *filter(None, (snapshot.key, order_by))])
    for name in needed:
        require_column(snapshot.columns, name, "table")
    pieces = [_fragment(each, list(needed), store) for each in snapshot.fragments]
    frame = pl.concat(pieces, rechunk=True)
    raw = b""
    if snapshot.key is None:
        raw = b"".join(store.get(each.row_digests) for each in snapshot.fragments)
    ids = row_ids(frame, snapshot.key, hexadecimal(raw))
    by = pl.DataFrame({"id": ids, **({"first": frame[order_by]} if order_by else {})})
    order = by.select(pl.arg_sort_by(by.columns[::-1], nulls_last=True)).to_series()
    return Table(frame.select(names)[order], ids[order])


def unordered(
    snapshot: Snapshot, store: Store, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Return a snapshot's rows as its fragments hold them: all columns, or only some."""
    names = [column.name for column in snapshot.columns] if columns is None else list(columns)
    return pl.concat([_fragment(each, names, store) for each in snapshot.fragments])


def _fragment(fragment: Fragment, names: list[str], store: Store) -> pl.DataFrame:
    frame = pl.read_parquet(store.get(fragment.table), columns=names, glob=False)
    if frame.height != fragment.rows:
        raise BrokenError(
            "fragment-broken",
            f"the fragment {fragment.table} has {frame.height:,} rows, not {fragment.rows:,}",
            fix="mlw doctor says what else is damaged",
            facts={"object": fragment.table},
        )
    return frame
