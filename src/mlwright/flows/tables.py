"""Snapshots read once: the stages of one run share the tables they work on."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import take
from mlwright.data.table import Table, read
from mlwright.store.protocol import Store


class Tables:
    """Reads snapshots from a store and keeps the last one, in the order stages read it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: tuple[tuple[Digest, str | None], Table] | None = None

    def whole(self, snapshot: Snapshot, time: str | None) -> Table:
        """Return all rows in row-id order, or by time and then row id."""
        wanted = (snapshot.digest, time)
        if self._last is None or self._last[0] != wanted:
            self._last = (wanted, read(snapshot, self._store, order_by=time))
        return self._last[1]

    def part(self, snapshot: Snapshot, split: Split, *parts: Part) -> Table:
        """Return the rows of some parts of a split."""
        return take(self.whole(snapshot, split.time), split, *parts)
