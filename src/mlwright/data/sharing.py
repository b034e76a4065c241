"""Which fragments of an earlier snapshot a later one shares, and which rows of them it keeps.

A row that is in both stays where it lies; what is gone is marked in a bitmap; the rest is written
as new fragments. A fragment that is hardly used any more is left behind: its rows are written
anew with the others, which is all that compaction is. The rows decide the id, so it never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlwright.data.digests import FRAGMENT_ROWS, Digests
from mlwright.data.fragments import DIGEST_BYTES, pack
from mlwright.data.matching import NOWHERE, Places, matches
from mlwright.data.records import Fragment, Snapshot
from mlwright.store.protocol import Store

LEAST_LIVE = 0.5  # reading costs what is written, so at most twice what is needed
MOST_SMALL = 16  # a fragment costs about a millisecond to open, whatever it holds


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Fragments taken over, and for each of their live rows the place it has in the new table.

    ``left`` marks the rows of the new table that lie in none of them.
    """

    fragments: tuple[Fragment, ...]
    rows: tuple[Places, ...]
    left: npt.NDArray[np.bool_]


def share(digests: Digests, parent: Snapshot | None, store: Store) -> Shared:
    """Return what a table with these row digests takes over from an earlier snapshot.

    Rows that were marked gone before are there again when they come back.
    """
    left = np.ones(len(digests), np.bool_)
    if parent is None:
        return Shared((), (), left)
    held, ends = _digests(parent, store)
    found = matches(digests, held)
    del held
    # Where each old row now is in the new table.
    owners = np.full(int(ends[-1]), NOWHERE, np.int64)
    taken = np.flatnonzero(found != NOWHERE)
    owners[found[taken]] = taken
    pieces = np.split(owners, ends[:-1])
    kept = [
        (fragment, piece)
        for fragment, piece in zip(parent.fragments, pieces, strict=True)
        if (piece != NOWHERE).sum() >= max(LEAST_LIVE * len(piece), 1)
    ]
    kept = _without_small(kept)
    fragments, rows = [], []
    for fragment, piece in kept:
        gone = piece == NOWHERE
        live = piece[~gone]
        deleted = store.put(pack(gone)) if gone.any() else None
        fragments.append(replace(fragment, rows=len(live), deleted=deleted))
        rows.append(live)
        left[live] = False
    return Shared(tuple(fragments), tuple(rows), left)


def _without_small(kept: Sequence[tuple[Fragment, Places]]) -> list[tuple[Fragment, Places]]:
    """Leave all small fragments behind once they are many: together they become few large ones."""
    large = [pair for pair in kept if len(pair[1]) * 2 >= FRAGMENT_ROWS]
    return large if len(kept) - len(large) > MOST_SMALL else list(kept)


def _digests(parent: Snapshot, store: Store) -> tuple[Digests, Places]:
    """Return the digests of all rows the fragments were written with, and where each ends."""
    raw = bytearray()
    ends = []
    for fragment in parent.fragments:
        raw += store.get(fragment.row_digests)
        ends.append(len(raw) // DIGEST_BYTES)
    return np.frombuffer(raw, np.uint8).reshape(-1, DIGEST_BYTES), np.array(ends, np.int64)
