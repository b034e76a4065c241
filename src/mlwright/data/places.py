"""Single rows of a snapshot: where a row lies, and what the row at a place is called.

:mod:`mlwright.data.table` names every row and puts them in order; here few rows are wanted and
the rest stay as the fragments hold them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.fragments import digests_of
from mlwright.data.records import Snapshot, Split
from mlwright.data.rows import ID_DIGITS, as_text
from mlwright.data.split import parts
from mlwright.data.table import Table, ids_of, read, unordered
from mlwright.store.protocol import Store

_CONTENT_ID = re.compile(rf"(?P<digits>[0-9a-f]{{{ID_DIGITS}}})(?:-(?P<repeat>[1-9][0-9]*))?")
_DIGEST_TEXT = re.compile(r"[0-9a-f]{64}")

_Places = npt.NDArray[np.intp]
Prefixes = npt.NDArray[np.uint64]


def find_row(row: str, snapshot: Snapshot, store: Store) -> tuple[int, str] | None:
    """Return where a row lies and by what it was found, ``key`` or ``content``; None elsewhere.

    Parameters
    ----------
    row
        A row's id: its key, or the first 32 digits of its digest with ``-1`` for the first
        repeat and so on; in a table with a key the digits find the row with this content.
    """
    if _renamed(snapshot):
        named = (ids_of(snapshot, store) == row).arg_true()
        if len(named):
            return int(named[0]), "content" if snapshot.key is None else "key"
    elif snapshot.key is not None:
        found = _by_key(row, snapshot.key, snapshot, store)
        if found is not None:
            return found, "key"
    place = _by_content(row, snapshot, store)
    return None if place is None else (place, "content")


def rows_at(places: Sequence[int], frame: pl.DataFrame, snapshot: Snapshot, store: Store) -> Table:
    """Return the rows at some places, in the order given.

    Parameters
    ----------
    frame
        The snapshot's rows as its fragments hold them, with its key where it has one.
    """
    keys = None if snapshot.key is None else frame[snapshot.key]
    ids = ids_at(places, snapshot, store, keys)
    return Table(frame[list(places)], pl.Series("row_id", ids, dtype=pl.String))


def parts_of(rows: Table, split: Split, snapshot: Snapshot, store: Store) -> tuple[int, ...]:
    """Return the part of each row, as :func:`mlwright.data.split.parts` numbers them.

    Where a group's last row decides about all of it, every row of the snapshot is read.
    """
    if split.method != "time" or split.unit is None or split.time is None:
        return tuple(int(number) for number in parts(rows, split))
    everything = read(snapshot, store, columns=[split.unit, split.time])
    numbers = dict(zip(everything.row_ids, parts(everything, split).tolist(), strict=True))
    return tuple(numbers[row] for row in rows.row_ids)


def ids_at(
    places: Sequence[int], snapshot: Snapshot, store: Store, keys: pl.Series | None = None
) -> list[str]:
    """Return what the rows at some places are called.

    Parameters
    ----------
    keys
        The values of the snapshot's key, where they were read before.
    """
    if not len(places):
        return []
    if is_content(snapshot):
        return content_ids(places, prefixes_of(snapshot, store))
    if snapshot.key is not None and not _renamed(snapshot):
        keys = unordered(snapshot, store, [snapshot.key])[snapshot.key] if keys is None else keys
        return as_text(keys[list(places)]).to_list()
    return ids_of(snapshot, store)[list(places)].to_list()


def content_ids(places: Sequence[int], prefixes: Prefixes) -> list[str]:
    """Return what the rows at some places are called in a table whose rows are their content.

    Parameters
    ----------
    prefixes
        Those of all rows.
    """
    alike = np.flatnonzero(np.isin(prefixes[:, 0], prefixes[list(places), 0]))
    ids = []
    for place in places:
        before = len(_equal(prefixes[alike[alike < place]], prefixes[place]))
        ids.append(prefixes[place].tobytes().hex() + (f"-{before}" if before else ""))
    return ids


def is_content(snapshot: Snapshot) -> bool:
    """Tell whether a row is called by its own content alone."""
    return snapshot.key is None and not _renamed(snapshot)


def _renamed(snapshot: Snapshot) -> bool:
    """Tell whether rows keep ids that the rows themselves no longer tell."""
    return any(fragment.row_ids is not None for fragment in snapshot.fragments)


def _by_key(row: str, key: str, snapshot: Snapshot, store: Store) -> int | None:
    matches = (as_text(unordered(snapshot, store, [key])[key]) == row).arg_true()
    return int(matches[0]) if len(matches) else None


def _by_content(row: str, snapshot: Snapshot, store: Store) -> int | None:
    found = _CONTENT_ID.fullmatch(row)
    whole = _DIGEST_TEXT.fullmatch(row)
    if found is None and whole is None:
        return None
    prefix = np.frombuffer(bytes.fromhex(row[:ID_DIGITS]), np.uint64)
    matches = _equal(prefixes_of(snapshot, store), prefix)
    repeat = int(found["repeat"] or 0) if found is not None else 0
    return int(matches[repeat]) if repeat < len(matches) else None


def prefixes_of(snapshot: Snapshot, store: Store) -> Prefixes:
    """Return the first 16 bytes of each row's digest, as two numbers."""
    raw = b"".join(digests_of(fragment, store) for fragment in snapshot.fragments)
    return np.frombuffer(raw, np.uint64).reshape(-1, 4)[:, :2]


def _equal(prefixes: Prefixes, prefix: Prefixes) -> _Places:
    maybe = np.flatnonzero(prefixes[:, 0] == prefix[0])
    same: _Places = maybe[prefixes[maybe, 1] == prefix[1]]
    return same
