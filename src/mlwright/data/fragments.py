"""One fragment of a snapshot, read: its live rows, their digests and their ids."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError
from mlwright.data.records import Fragment
from mlwright.store.protocol import Store

DIGEST_BYTES = 32

Mask = npt.NDArray[np.bool_]


def pack(gone: Mask) -> bytes:
    """Return which rows are gone as a bitmap: a bit a row, the first in the highest bit."""
    return zlib.compress(np.packbits(gone).tobytes(), 6)


def live(fragment: Fragment, store: Store) -> Mask | None:
    """Return which of the rows a fragment was written with are still there; None for all."""
    if fragment.deleted is None:
        return None
    written = len(store.get(fragment.row_digests)) // DIGEST_BYTES
    bits = np.frombuffer(zlib.decompress(store.get(fragment.deleted)), np.uint8)
    if len(bits) != (written + 7) // 8:
        raise _broken(fragment, fragment.deleted, f"a bitmap of {len(bits):,} bytes")
    kept: Mask = np.unpackbits(bits, count=written) == 0
    if int(kept.sum()) != fragment.rows:
        raise _broken(fragment, fragment.deleted, f"{int(kept.sum()):,} rows left")
    return kept


def frame_of(fragment: Fragment, names: Sequence[str], store: Store) -> pl.DataFrame:
    """Return some columns of a fragment's live rows."""
    frame = pl.read_parquet(store.held(fragment.table), columns=list(names), glob=False)
    return _kept(frame, fragment, fragment.table, store)


def digests_of(fragment: Fragment, store: Store) -> bytes:
    """Return the row digests of a fragment's live rows, 32 bytes a row."""
    raw = store.get(fragment.row_digests)
    kept = live(fragment, store)
    if kept is not None:
        raw = np.frombuffer(raw, np.uint8).reshape(-1, DIGEST_BYTES)[kept].tobytes()
    if len(raw) != fragment.rows * DIGEST_BYTES:
        raise _broken(fragment, fragment.row_digests, f"{len(raw) // DIGEST_BYTES:,} digests")
    return raw


def kept_ids_of(fragment: Fragment, store: Store) -> pl.Series | None:
    """Return the ids its live rows have kept; None where ids are computed from the rows."""
    if fragment.row_ids is None:
        return None
    frame = pl.read_parquet(store.get(fragment.row_ids), columns=["row_id"], glob=False)
    return _kept(frame, fragment, fragment.row_ids, store)["row_id"]


def parquet(frame: pl.DataFrame) -> bytes:
    """Return rows as the bytes of one Parquet file with one row group."""
    buffer = BytesIO()
    # Level 1 is half as long at work as the default and leaves 3 % more bytes.
    frame.write_parquet(
        buffer, compression="zstd", compression_level=1, row_group_size=max(frame.height, 1)
    )
    return buffer.getvalue()


def _kept(frame: pl.DataFrame, fragment: Fragment, name: Digest, store: Store) -> pl.DataFrame:
    kept = live(fragment, store)
    if kept is not None:
        if len(kept) != frame.height:
            raise _broken(fragment, name, f"{frame.height:,} rows for {len(kept):,} digests")
        frame = frame.filter(pl.Series(kept, dtype=pl.Boolean))
    if frame.height != fragment.rows:
        raise _broken(fragment, name, f"{frame.height:,} rows")
    return frame


def _broken(fragment: Fragment, name: Digest, found: str) -> BrokenError:
    return BrokenError(
        "fragment-broken",
        f"the fragment {name} has {found}, not {fragment.rows:,}",
        fix="mlw doctor says what else is damaged",
        facts={"object": name},
    )
