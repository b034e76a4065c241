"""A snapshot's rows in row-id order, a part at a time, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.digests import FRAGMENT_ROWS
from mlwright.data.fragments import DIGEST_BYTES, digests_of, frame_of
from mlwright.data.matching import Places
from mlwright.data.records import Snapshot
from mlwright.data.table import ids_of, unordered
from mlwright.store.protocol import Store

PART_ROWS = 4 * FRAGMENT_ROWS
"""Rows that are put in order in memory at once."""

_RANK = "\0rank"  # no column is called so: names with characters nobody can see are refused


def ordered(snapshot: Snapshot, store: Store) -> Iterator[pl.DataFrame]:
    """Give all rows in row-id order.

    Of a table larger than memory holds, rows are first laid into files by the part they belong to.
    """
    order = row_order(snapshot, store)
    if len(order) <= PART_ROWS:
        yield unordered(snapshot, store)[order]
        return
    ranks = np.empty(len(order), np.uint32)
    ranks[order] = np.arange(len(order), dtype=np.uint32)
    del order
    with TemporaryDirectory(prefix="mlwright-rows-") as name:
        folder = Path(name)
        _lay_out(snapshot, store, ranks, folder)
        for part in range((len(ranks) + PART_ROWS - 1) // PART_ROWS):
            laid = list(folder.glob(f"{part}-*"))
            yield pl.concat(pl.read_ipc(path) for path in laid).sort(_RANK).drop(_RANK)
            for path in laid:
                path.unlink()


def row_order(snapshot: Snapshot, store: Store) -> Places:
    """Return the places of all rows as the fragments hold them, in the order of their ids.

    Equal rows without a key come in any order: nothing tells them apart but the numbers they get.
    """
    if snapshot.key is not None or any(each.row_ids for each in snapshot.fragments):
        return ids_of(snapshot, store).arg_sort().to_numpy().astype(np.int64)
    raw = b"".join(digests_of(each, store) for each in snapshot.fragments)
    digests = np.frombuffer(raw, np.uint8).reshape(-1, DIGEST_BYTES)
    firsts = np.ascontiguousarray(digests[:, :8]).view(">u8").ravel().astype(np.uint64)
    order = np.argsort(firsts)
    ties = np.flatnonzero(firsts[order][1:] == firsts[order][:-1])
    if len(ties):
        tied = np.unique(np.concatenate((ties, ties + 1)))
        rows = sorted(order[tied].tolist(), key=lambda row: digests[row].tobytes())
        order[tied] = rows
    return order


def _lay_out(snapshot: Snapshot, store: Store, ranks: npt.NDArray[np.uint32], folder: Path) -> None:
    """Write each fragment's rows into files of the parts they belong to, with their ranks."""
    start = 0
    names = [column.name for column in snapshot.columns]
    for number, fragment in enumerate(snapshot.fragments):
        own = ranks[start : start + fragment.rows]
        start += fragment.rows
        frame = frame_of(fragment, names, store).with_columns(pl.Series(_RANK, own))
        order = np.argsort(own)
        cuts = np.searchsorted(own[order] // PART_ROWS, np.arange(len(ranks) // PART_ROWS + 2))
        for part, (first, last) in enumerate(pairwise(cuts)):
            if first < last:
                piece = frame[order[first:last]]
                piece.write_ipc(folder / f"{part}-{number}")
