"""Which rows of one table are the rows of another, told by their digests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlwright.data.digests import Digests

Places = npt.NDArray[np.int64]

NOWHERE = -1


def matches(new: Digests, old: Digests) -> Places:
    """Return for each new row the place of its equal among the old ones, or -1.

    Each old row is the equal of at most one: the second of two equal new rows is matched with the
    second of two equal old ones. Digests are 32 bytes a row. Rows are sorted by their first eight
    bytes and compared by all: should two different rows agree in eight, they merely stay unmatched.
    """
    found = np.full(len(new), NOWHERE, np.int64)
    if not len(new) or not len(old):
        return found
    wanted, held = _first_eight(new), _first_eight(old)
    new_order, old_order = np.argsort(wanted, kind="stable"), np.argsort(held, kind="stable")
    wanted, held = wanted[new_order], held[old_order]
    places = np.searchsorted(held, wanted) + _repeats(wanted)
    inside = places < len(held)
    places[~inside] = 0
    inside &= held[places] == wanted
    rows, equals = new_order[inside], old_order[places[inside]]
    del wanted, held, new_order, old_order, places, inside
    same = _equal(new, rows, old, equals)
    found[rows[same]] = equals[same]
    return found


def _first_eight(digests: Digests) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()


def _repeats(ordered: npt.NDArray[np.uint64]) -> Places:
    """Return how many equal values stand before each, in an ordered array."""
    places = np.arange(len(ordered))
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return places - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))


def _equal(new: Digests, rows: Places, old: Digests, places: Places) -> npt.NDArray[np.bool_]:
    """Compare pairs of rows, some at a time: gathered at once they would lie in memory twice."""
    step = 1 << 18
    parts = [
        (new[rows[start : start + step]] == old[places[start : start + step]]).all(axis=1)
        for start in range(0, len(rows), step)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.bool_)
