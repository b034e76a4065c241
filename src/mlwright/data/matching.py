"""Which rows of one table are the rows of another, told by their digests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlwright.data.digests import Digests

Places = npt.NDArray[np.int64]

NOWHERE = -1
_STEP = 1 << 20


def matches(new: Digests, old: Digests) -> Places:
    """Return for each new row the place of its equal among the old ones, or -1.

    Each old row is the equal of at most one: the second of two equal new rows is matched with the
    second of two equal old ones. Digests are 32 bytes a row. Rows are sorted by their first eight
    bytes and compared by all: should two different rows agree in eight, they merely stay unmatched.
    """
    found = np.full(len(new), NOWHERE, np.int64)
    if not len(new) or not len(old):
        return found
    new_order, wanted = _sorted(new)
    old_order, held = _sorted(old)
    numbers = _repeats(wanted)
    # Some rows at a time: what they are compared by would lie in memory many times over.
    for start in range(0, len(wanted), _STEP):
        part = slice(start, start + _STEP)
        places = np.searchsorted(held, wanted[part])
        if numbers is not None:
            places += numbers[part]
        inside = places < len(held)
        places[~inside] = 0
        inside &= held[places] == wanted[part]
        rows, equals = new_order[part][inside], old_order[places[inside]]
        same = (new[rows] == old[equals]).all(axis=1)
        found[rows[same]] = equals[same]
    return found


def _sorted(digests: Digests) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Return the places of rows in the order of their first eight bytes, and these in order."""
    firsts = np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()
    order = np.argsort(firsts, kind="stable").astype(np.uint32)
    return order, firsts[order]


def _repeats(ordered: npt.NDArray[np.uint64]) -> Places | None:
    """Return how many equal values stand before each, in an ordered array; None where none do."""
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    if first.all():
        return None
    places = np.arange(len(ordered))
    starts = np.flatnonzero(first)
    return places - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
