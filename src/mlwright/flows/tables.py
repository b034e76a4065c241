"""The rows of a split's parts, read once for all stages of a run."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import Numbers, taken
from mlwright.data.split import parts as numbers_of
from mlwright.data.table import Table, read
from mlwright.scoring.records import OwnFeatures
from mlwright.store.protocol import Store


class Tables:
    """Keeps the table that was read last, the part of each of its rows, and what was made of it.

    A resource of the stages, which read through it.
    """

    def __init__(self) -> None:
        self.last: tuple[tuple[Digest, str | None], Table] | None = None
        self.parted: tuple[tuple[Digest, Split], Numbers] | None = None
        self.made: tuple[object, Table] | None = None
        self.examined: tuple[object, OwnFeatures] | None = None


def part_of(snapshot: Snapshot, split: Split, store: Store, tables: Tables, *parts: Part) -> Table:
    """Return the rows of some parts of a split, in row-id order, or by time and then row id.

    A function, not a method of the resource: what a step's key covers is the code it names.
    """
    table, numbers = parted(snapshot, split, store, tables)
    return taken(table, numbers, *parts)


def rows_judged(snapshot: Snapshot, split: Split, store: Store, tables: Tables) -> Table:
    """Return the rows a model is judged by: the sealed test part, or all where none is sealed."""
    judging = Part.TRAIN if split.method == "nested" else Part.TEST
    return part_of(snapshot, split, store, tables, judging)


def parted(snapshot: Snapshot, split: Split, store: Store, tables: Tables) -> tuple[Table, Numbers]:
    """Return all rows and the number of each one's part, in the order of :func:`part_of`."""
    wanted = (snapshot.digest, split.time)
    if tables.last is None or tables.last[0] != wanted:
        tables.last = (wanted, read(snapshot, store, order_by=split.time))
        tables.parted = None
    if tables.parted is None or tables.parted[0] != (snapshot.digest, split):
        tables.parted = ((snapshot.digest, split), numbers_of(tables.last[1], split))
    return tables.last[1], tables.parted[1]
