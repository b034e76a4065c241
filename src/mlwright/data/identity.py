"""The digest of a table: over its schema and its rows, in no order but that of their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.core.digest import Digest, from_raw
from mlwright.core.encoding import encode
from mlwright.data.digests import FRAGMENT_ROWS, Digests, hexadecimal
from mlwright.data.records import Column
from mlwright.data.rows import content_ids

_TAG = b"mlwright data 1\0"


def table_digest(
    columns: Sequence[Column], row_ids: pl.Series | None, digests: bytes | Digests
) -> Digest:
    """Return the digest over the schema and a sorted line for each row: its id and digest.

    Lines are made and sorted some at a time, in their order: ids and digests lie in memory, their
    lines do not. Without ``row_ids`` they are those that rows without a key have.
    """
    if isinstance(digests, bytes):
        digests = np.frombuffer(digests, np.uint8).reshape(-1, 32)
    state = sha256(_TAG + encode(tuple(columns)))
    # An id may hold any character: read from the end, its length says where it begins.
    line = pl.format("{}:{}:{}", "id", "digest", pl.col("id").str.len_bytes())
    for places in _by_content(digests) if row_ids is None else _by_id(row_ids):
        written = hexadecimal(digests[places])
        ids = content_ids(written) if row_ids is None else row_ids[places]
        pairs = pl.DataFrame({"id": ids, "digest": written})
        state.update(pairs.select(line.sort().str.join("\n")).item().encode() + b"\n")
    return from_raw(state.digest())


def _by_content(digests: Digests) -> Iterator[npt.NDArray[np.int64]]:
    """Give the places of rows in the order of their digests, equal ones never apart."""
    firsts = np.ascontiguousarray(digests[:, :8]).view(">u8").ravel().astype(np.uint64)
    order = np.argsort(firsts)
    start = 0
    while start < len(order):
        end = min(start + FRAGMENT_ROWS, len(order))
        last = firsts[order[end - 1]]
        while end < len(order) and firsts[order[end]] == last:
            end += 1
        yield order[start:end]
        start = end


def _by_id(ids: pl.Series) -> Iterator[npt.NDArray[np.int64]]:
    """Give the places of rows in the order of their lines, as far as ids alone tell it."""
    begun = ids.to_frame("id").select(pl.format("{}:", "id").alias("id")).to_series()
    order = begun.arg_sort()
    begun = begun.gather(order)
    start = 0
    while start < len(order):
        end = min(start + FRAGMENT_ROWS, len(order))
        # Lines that begin with another line's beginning are told apart by digests: never cut there.
        while end < len(order) and _continues(begun[end], begun):
            end += 1
        yield order.slice(start, end - start).to_numpy().astype(np.int64)
        start = end


def _continues(begun: str, ordered: pl.Series) -> bool:
    """Tell whether a line's beginning goes on from that of another line."""
    place = begun.find(":")
    while place < len(begun) - 1:
        shorter = begun[: place + 1]
        at = int(ordered.search_sorted(shorter))
        if at < len(ordered) and ordered[at] == shorter:
            return True
        place = begun.find(":", place + 1)
    return False
