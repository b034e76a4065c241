"""From a frame to a snapshot: named by its content, kept as immutable Parquet fragments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import FRAGMENT_ROWS, columns_of, hexadecimal, row_digests, table_digest
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Fragment, Reading, Snapshot
from mlwright.data.rows import check_key, row_ids
from mlwright.store.protocol import Store

_DIGEST = 32


def build(
    frame: pl.DataFrame,
    *,
    key: str | None,
    store: Store,
    readings: Sequence[Reading] = (),
    known: Callable[[str], Snapshot | None] = lambda _: None,
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

    Raises
    ------
    DataError
        ``data-no-rows``, ``data-one-row``, ``type-unsupported``; ``key-…`` for a faulty key.
    """
    frame, told = normalise(frame)
    _check_rows(frame.height)
    if key is not None:
        check_key(frame, key)
    columns = columns_of(frame)
    identifier, digest, digests = identify(frame, columns, key)
    if (found := known(identifier)) is not None:
        return found
    return Snapshot(
        id=identifier,
        digest=digest,
        columns=columns,
        rows=frame.height,
        key=key,
        fragments=_written(frame, digests, store),
        readings=(*readings, *told),
    )


def identify(
    frame: pl.DataFrame, columns: Sequence[Column], key: str | None
) -> tuple[str, Digest, bytes]:
    """Return a table's id, its digest and its row digests, from its values alone."""
    digests = row_digests(frame)
    written = hexadecimal(digests)
    digest = table_digest(columns, row_ids(frame, key, written), written)
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


def _written(frame: pl.DataFrame, digests: bytes, store: Store) -> tuple[Fragment, ...]:
    fragments = []
    for start in range(0, frame.height, FRAGMENT_ROWS):
        piece = frame.slice(start, FRAGMENT_ROWS)
        buffer = BytesIO()
        # Level 1 is half as long at work as the default and leaves 3 % more bytes.
        piece.write_parquet(
            buffer, compression="zstd", compression_level=1, row_group_size=FRAGMENT_ROWS
        )
        own = digests[start * _DIGEST : (start + piece.height) * _DIGEST]
        fragments.append(
            Fragment(
                rows=piece.height, table=store.put(buffer.getvalue()), row_digests=store.put(own)
            )
        )
    return tuple(fragments)
