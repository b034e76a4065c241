"""From a frame to a snapshot: named by its content, kept as immutable Parquet fragments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import FRAGMENT_ROWS, columns_of, hexadecimal, row_digests, table_digest
from mlwright.data.fragments import DIGEST_BYTES, parquet
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Fragment, Reading, Snapshot
from mlwright.data.rows import check_key
from mlwright.data.rows import row_ids as computed_ids
from mlwright.store.protocol import Store


def build(
    frame: pl.DataFrame,
    *,
    key: str | None,
    store: Store,
    readings: Sequence[Reading] = (),
    known: Callable[[str], Snapshot | None] = lambda _: None,
    row_ids: pl.Series | None = None,
) -> Snapshot:
    """Return the snapshot of a frame; its fragments are in the store before it returns.

    Parameters
    ----------
    key
        The column that names each row once; None names rows by their content.
    readings
        What was normalised before; what is normalised here is added.
    known
        Gives the manifest of a data id that exists already, which is then returned: the same
        rows in another order or file are the same data, written once.
    row_ids
        An id for each row, kept from the table the frame was made from; computed by default.

    Raises
    ------
    DataError
        ``data-no-rows``, ``data-one-row``, ``type-unsupported``; ``key-…`` for a faulty key.
    """
    frame, told = normalise(frame)
    _check_rows(frame.height)
    if key is not None and row_ids is None:
        check_key(frame, key)
    columns = columns_of(frame)
    identifier, digest, digests = identify(frame, columns, key, row_ids)
    if (found := known(identifier)) is not None:
        return found
    return Snapshot(
        id=identifier,
        digest=digest,
        columns=columns,
        rows=frame.height,
        key=key,
        fragments=_written(frame, digests, row_ids, store),
        readings=(*readings, *told),
    )


def identify(
    frame: pl.DataFrame, columns: Sequence[Column], key: str | None, ids: pl.Series | None = None
) -> tuple[str, Digest, bytes]:
    """Return a table's id, its digest and its row digests, from its values and its rows' ids.

    ``ids`` are those that rows have kept from another table; computed by default.
    """
    digests = row_digests(frame)
    written = hexadecimal(digests)
    digest = table_digest(
        columns, computed_ids(frame, key, written) if ids is None else ids, written
    )
    return content_id(Noun.DATA, digest), digest, digests


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
    frame: pl.DataFrame, digests: bytes, ids: pl.Series | None, store: Store
) -> tuple[Fragment, ...]:
    fragments = []
    for start in range(0, frame.height, FRAGMENT_ROWS):
        piece = frame.slice(start, FRAGMENT_ROWS)
        own = digests[start * DIGEST_BYTES : (start + piece.height) * DIGEST_BYTES]
        fragment = Fragment(piece.height, store.put(parquet(piece)), store.put(own))
        if ids is not None:
            names = ids.slice(start, FRAGMENT_ROWS).rename("row_id").to_frame()
            fragment = replace(fragment, row_ids=store.put(parquet(names)))
        fragments.append(fragment)
    return tuple(fragments)
