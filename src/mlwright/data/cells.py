"""The cells of a table, a column at a time: of a frame, or of fragments that are never all held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.checks.records import Rule
from mlwright.data.digests import DTYPES
from mlwright.data.fragments import frame_of
from mlwright.data.places import ids_at
from mlwright.data.records import Snapshot, Split
from mlwright.data.split import sealed
from mlwright.data.table import Table, ids_of
from mlwright.store.protocol import Store

Places = npt.NDArray[np.int64]

_LONG = 5_000_000


class Cells(Protocol):
    """A table that gives one column at a time; rows keep their places."""

    @property
    def height(self) -> int:
        """How many rows there are."""

    @property
    def schema(self) -> Mapping[str, pl.DataType]:
        """The columns in order, with their types."""

    def column(self, name: str) -> pl.Series:
        """Return one column."""

    def ids(self, places: Places) -> list[str]:
        """Return the ids of some rows."""

    def table(self, names: Sequence[str]) -> Table:
        """Return some columns of all rows, and all ids."""


class TableCells:
    """The cells of a table in memory."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.height = table.frame.height
        self.schema: Mapping[str, pl.DataType] = table.frame.schema

    def column(self, name: str) -> pl.Series:
        """Return one column."""
        return self._table.frame[name]

    def ids(self, places: Places) -> list[str]:
        """Return the ids of some rows."""
        return self._table.row_ids.gather(places).to_list()

    def table(self, names: Sequence[str]) -> Table:
        """Return some columns of all rows, and all ids."""
        return Table(self._table.frame.select(names), self._table.row_ids)


class SnapshotCells:
    """The cells of a data version, in the order of its fragments; each column is read when asked.

    Only the pieces of files that hold the column are read.
    """

    def __init__(self, snapshot: Snapshot, store: Store) -> None:
        self._snapshot = snapshot
        self._store = store
        self.height = snapshot.rows
        self.schema: Mapping[str, pl.DataType] = {
            column.name: DTYPES[column.kind] for column in snapshot.columns
        }

    def column(self, name: str) -> pl.Series:
        """Return one column."""
        fragments = self._snapshot.fragments
        places = [self._store.held(each.table) for each in fragments]
        files = [place for place in places if isinstance(place, Path)]
        if len(files) == len(places) and not any(each.deleted for each in fragments):
            # One call for all files: as fast as if all columns were read at once.
            found = pl.read_parquet(files, columns=[name], glob=False)
            if found.height == self.height:
                return found.to_series()
        pieces = [frame_of(each, [name], self._store) for each in fragments]
        return pl.concat(pieces, rechunk=True).to_series()

    def ids(self, places: Places) -> list[str]:
        """Return the ids of some rows."""
        return ids_at(places.tolist(), self._snapshot, self._store)

    def table(self, names: Sequence[str]) -> Table:
        """Return some columns of all rows, and all ids."""
        frame = pl.DataFrame([self.column(name) for name in names])
        return Table(frame, ids_of(self._snapshot, self._store))


def at_once(cells: Cells) -> int:
    """Return how many columns to look at side by side: of very long ones only one is held."""
    return 1 if cells.height > _LONG else pl.thread_pool_size()


def sealed_rows(cells: Cells, splits: Sequence[Split]) -> pl.Series | None:
    """Mark the rows in the sealed test part of one split or another; None where none was made."""
    if not splits:
        return None
    names = (name for split in splits for name in (split.unit, split.time))
    return sealed(cells.table(list(dict.fromkeys(filter(None, names)))), splits)


def frame_of_rules(cells: Cells, rules: Sequence[Rule]) -> pl.DataFrame:
    """Return the columns that rules speak of; all, without rows, where one is about none."""
    names = list(dict.fromkeys(rule.term.name for rule in rules))
    if all(name in cells.schema for name in names):
        return pl.DataFrame([cells.column(name) for name in names])
    return pl.DataFrame(schema=dict(cells.schema))
