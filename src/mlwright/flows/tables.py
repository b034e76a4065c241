"""The rows of a split's parts, read once for all stages of a run."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import take
from mlwright.data.table import Table, read
from mlwright.store.protocol import Store


class Tables:
    """Keeps the table that was read last; a resource of the stages, which read through it."""

    def __init__(self) -> None:
        self.last: tuple[tuple[Digest, str | None], Table] | None = None


def part_of(snapshot: Snapshot, split: Split, store: Store, tables: Tables, *parts: Part) -> Table:
    """Return the rows of some parts of a split, in row-id order, or by time and then row id.

    A function, not a method of the resource: what a step's key covers is the code it names.
    """
    wanted = (snapshot.digest, split.time)
    if tables.last is None or tables.last[0] != wanted:
        tables.last = (wanted, read(snapshot, store, order_by=split.time))
    return take(tables.last[1], split, *parts)
