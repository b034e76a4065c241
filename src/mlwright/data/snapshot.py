"""From rows to a snapshot: named by its content, kept as immutable Parquet fragments.

Rows are gone through twice: once for their digests, which name the snapshot, and once to write
those that no earlier snapshot holds. Only digests, keys and one fragment lie in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import FRAGMENT_ROWS, Digests, columns_of, row_digests
from mlwright.data.fragments import DIGEST_BYTES, live, parquet
from mlwright.data.identity import table_digest
from mlwright.data.names import require_column
from mlwright.data.normalise import add_up, normalise
from mlwright.data.records import Column, Fragment, Reading, Snapshot
from mlwright.data.rows import as_text, check_key
from mlwright.data.sharing import Shared, share
from mlwright.data.table import ids_of
from mlwright.store.protocol import Store

Batches = Callable[[], Iterator[pl.DataFrame]]
"""Gives a table's rows from the first on, each time it is called, some at a time."""


def build(
    frame: pl.DataFrame,
    *,
    key: str | None,
    store: Store,
    readings: Sequence[Reading] = (),
    known: Callable[[str], Snapshot | None] = lambda _: None,
    row_ids: pl.Series | None = None,
    parent: Snapshot | None = None,
) -> Snapshot:
    """Return the snapshot of a frame; its fragments are in the store before it returns.

    Parameters and errors are those of :func:`build_from`; ``parent`` is an earlier snapshot
    itself.
    """
    return build_from(
        lambda: slices(frame),
        key=key,
        store=store,
        readings=lambda: readings,
        known=known,
        row_ids=row_ids,
        parent=lambda _: parent,
    )


def build_from(
    batches: Batches,
    *,
    key: str | None,
    store: Store,
    readings: Callable[[], Sequence[Reading]] = lambda: (),
    known: Callable[[str], Snapshot | None] = lambda _: None,
    row_ids: pl.Series | None = None,
    parent: Callable[[Sequence[Column]], Snapshot | None] = lambda _: None,
) -> Snapshot:
    """Return the snapshot of a table that is read in batches, of one schema.

    Parameters
    ----------
    key
        The column that names each row once; None names rows by their content.
    readings
        Gives what was normalised before, once all rows were read; what is normalised here is
        added.
    known
        Gives the manifest of a data id that exists already, which is then returned: the same
        rows in another order or file are the same data, written once.
    row_ids
        An id for each row, kept from the table the rows were made from; computed by default.
    parent
        Gives an earlier snapshot for a table with these columns: the rows it holds are not
        written again. One with other columns is of no use.

    Raises
    ------
    DataError
        ``data-no-rows``, ``data-one-row``, ``type-unsupported``; ``key-…`` for a faulty key.
    """
    seen = _look_through(batches, key)
    _check_rows(len(seen.digests))
    if seen.keys is not None and row_ids is None:
        check_key(seen.keys.to_frame(), seen.keys.name)
    digest = table_digest(seen.columns, _names(seen, row_ids), seen.digests)
    identifier = content_id(Noun.DATA, digest)
    if (found := known(identifier)) is not None:
        return found
    earlier = parent(seen.columns)
    alike = earlier if earlier is not None and earlier.columns == seen.columns else None
    shared = share(seen.digests, alike, store)
    snapshot = Snapshot(
        id=identifier,
        digest=digest,
        columns=seen.columns,
        rows=len(seen.digests),
        key=key,
        fragments=(*shared.fragments, *_written(batches, seen.digests, shared, store)),
        readings=(*readings(), *seen.told),
    )
    kept = row_ids is not None or any(each.row_ids for each in shared.fragments)
    return _with_ids(snapshot, row_ids, shared, store) if kept else snapshot


def identify(
    frame: pl.DataFrame, columns: Sequence[Column], key: str | None
) -> tuple[str, Digest, bytes]:
    """Return a table's id, its digest and its row digests, from its values alone."""
    digests = row_digests(frame)
    digest = table_digest(columns, None if key is None else as_text(frame[key]), digests)
    return content_id(Noun.DATA, digest), digest, digests


def slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Give a frame's rows a fragment at a time; of a frame without rows, its columns."""
    for start in range(0, max(frame.height, 1), FRAGMENT_ROWS):
        yield frame.slice(start, FRAGMENT_ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one look at every row leaves: digests and keys, not the rows."""

    columns: tuple[Column, ...]
    digests: Digests
    keys: pl.Series | None
    told: tuple[Reading, ...]


def _look_through(batches: Batches, key: str | None) -> _Seen:
    columns: tuple[Column, ...] = ()
    digests = bytearray()
    keys: list[pl.Series] = []
    told: list[Sequence[Reading]] = []
    for batch in batches():
        frame, said = normalise(batch)
        columns = columns_of(frame)
        told.append(said)
        digests += row_digests(frame)
        if key is not None:
            require_column(columns, key, "key")
            keys.append(frame[key])
    raw = np.frombuffer(digests, np.uint8).reshape(-1, DIGEST_BYTES)
    names = [column.name for column in columns]
    whole = pl.concat(keys) if keys else None
    return _Seen(columns, raw, whole, tuple(add_up(told, names, len(raw))))


def _names(seen: _Seen, kept: pl.Series | None) -> pl.Series | None:
    """Return the ids of rows as far as they are not their content's."""
    return kept if kept is not None or seen.keys is None else as_text(seen.keys)


def _check_rows(rows: int) -> None:
    if rows == 0:
        raise DataError(
            "data-no-rows",
            "the table has columns but no rows",
            fix="give a table with at least two rows below its header",
        )
    if rows == 1:
        raise DataError(
            "data-one-row",
            "the table has one row: nothing can be learnt from a single example",
            fix="give a table with more rows; some hundreds are a start",
        )


def _written(
    batches: Batches, digests: Digests, shared: Shared, store: Store
) -> Iterator[Fragment]:
    """Write the rows that no shared fragment holds, in the order in which they come."""
    own = digests[shared.left].tobytes()
    place = 0
    for piece in _filled(_left(batches, shared)):
        end = place + piece.height * DIGEST_BYTES
        yield Fragment(piece.height, store.put(parquet(piece)), store.put(own[place:end]))
        place = end


def _left(batches: Batches, shared: Shared) -> Iterator[pl.DataFrame]:
    start = 0
    if not shared.left.any():
        return
    for batch in batches():
        wanted = shared.left[start : start + batch.height]
        start += batch.height
        if wanted.any():
            yield normalise(batch)[0].filter(pl.Series(wanted, dtype=pl.Boolean))


def _filled(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Give the same rows as whole fragments; the last may be smaller."""
    held: list[pl.DataFrame] = []
    rows = 0
    for piece in pieces:
        held.append(piece)
        rows += piece.height
        if rows < FRAGMENT_ROWS:
            continue
        whole = pl.concat(held)
        full = rows - rows % FRAGMENT_ROWS
        for start in range(0, full, FRAGMENT_ROWS):
            yield whole.slice(start, FRAGMENT_ROWS)
        held, rows = [whole.slice(full)], rows - full
    if rows:
        yield pl.concat(held)


def _with_ids(snapshot: Snapshot, ids: pl.Series | None, shared: Shared, store: Store) -> Snapshot:
    """Return the snapshot with the ids of its rows kept, where they are not computed anyway."""
    places = np.concatenate((*shared.rows, np.flatnonzero(shared.left)))
    bare = replace(
        snapshot, fragments=tuple(replace(each, row_ids=None) for each in snapshot.fragments)
    )
    if ids is None:
        return bare
    wanted, computed = ids[places], ids_of(bare, store)
    if wanted.equals(computed):
        return bare
    fragments, start = [], 0
    for fragment in bare.fragments:
        own = wanted.slice(start, fragment.rows)
        # Repeats are counted over all rows: once one id differs, computed ones would shift.
        if snapshot.key is None or not own.equals(computed.slice(start, fragment.rows)):
            fragment = replace(fragment, row_ids=_put_ids(fragment, own, store))
        fragments.append(fragment)
        start += fragment.rows
    return replace(snapshot, fragments=tuple(fragments))


def _put_ids(fragment: Fragment, ids: pl.Series, store: Store) -> Digest:
    """Keep the ids of a fragment's live rows; rows that are gone have an empty one."""
    alive = live(fragment, store)
    if alive is not None:
        whole = pl.Series([""], dtype=pl.String).new_from_index(0, len(alive))
        ids = whole.scatter(np.flatnonzero(alive), ids)
    return store.put(parquet(ids.alias("row_id").to_frame()))
