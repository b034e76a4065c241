"""A snapshot's rows in memory, each with its id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mlwright.data.digests import hexadecimal
from mlwright.data.fragments import DIGEST_BYTES, digests_of, frame_of, kept_ids_of
from mlwright.data.names import require_column
from mlwright.data.records import Fragment, Snapshot
from mlwright.data.rows import ID_DIGITS, as_text, content_ids
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
    pieces = [frame_of(each, list(needed), store) for each in snapshot.fragments]
    frame = pl.concat(pieces, rechunk=True)
    ids = ids_of(snapshot, store, None if snapshot.key is None else frame[snapshot.key])
    if order_by is None:
        order = ids.arg_sort()
    else:
        by = pl.DataFrame({"id": ids, "first": frame[order_by]})
        order = by.select(pl.arg_sort_by(["first", "id"], nulls_last=True)).to_series()
    return Table(frame.select(names)[order], ids[order])


def unordered(
    snapshot: Snapshot, store: Store, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """Return a snapshot's rows as its fragments hold them: all columns, or only some."""
    names = [column.name for column in snapshot.columns] if columns is None else list(columns)
    return pl.concat([frame_of(each, names, store) for each in snapshot.fragments])


def ids_of(
    snapshot: Snapshot,
    store: Store,
    keys: pl.Series | None = None,
    digests: Callable[[Fragment], bytes] | None = None,
) -> pl.Series:
    """Return the id of each row, in the order in which the fragments hold them.

    Parameters
    ----------
    keys
        The values of the snapshot's key, where they were read before.
    digests
        Gives the digests of a fragment's live rows; by default those stored beside them.
    """
    if keys is None and snapshot.key is not None:
        keys = unordered(snapshot, store, [snapshot.key])[snapshot.key]
    kept = [kept_ids_of(each, store) for each in snapshot.fragments]
    if snapshot.key is not None and keys is not None:
        computed = as_text(keys)
    else:
        # Repeats are counted among rows whose id is computed: kept ids name rows by themselves.
        get = digests or (lambda fragment: digests_of(fragment, store))
        pairs = zip(snapshot.fragments, kept, strict=True)
        computed = _content_ids(get(each) for each, ids in pairs if ids is None)
    if all(ids is None for ids in kept):
        return computed.rename("row_id")
    pieces, place = [], 0
    for fragment, ids in zip(snapshot.fragments, kept, strict=True):
        pieces.append(computed.slice(place, fragment.rows) if ids is None else ids)
        if ids is None or snapshot.key is not None:
            place += fragment.rows
    return pl.concat([piece.rename("row_id") for piece in pieces])


def _content_ids(digests: Iterable[bytes]) -> pl.Series:
    """Return the ids of rows without a key; of their digests only what ids show is held."""
    prefixes = [
        np.frombuffer(raw, np.uint8).reshape(-1, DIGEST_BYTES)[:, : ID_DIGITS // 2]
        for raw in digests
    ]
    firsts = [np.ascontiguousarray(each[:, :8]).view(np.uint64).ravel() for each in prefixes]
    written = pl.concat([pl.Series([], dtype=pl.String), *map(hexadecimal, prefixes)])
    # Numbers are told apart sooner and in less memory than their texts.
    if len(np.unique(np.concatenate([np.empty(0, np.uint64), *firsts]))) == len(written):
        return written
    return content_ids(written)
