"""The cells of a table, a column at a time: of a frame, or of fragments that are never all held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.checks.records import Rule
from mlwright.data.digests import DTYPES
from mlwright.data.fragments import frame_of
from mlwright.data.places import Prefixes, content_ids, ids_at, is_content, prefixes_of
from mlwright.data.records import Snapshot, Split
from mlwright.data.split import sealed
from mlwright.data.table import Table, ids_of
from mlwright.store.protocol import Store

Places = npt.NDArray[np.int64]

_LONG = 5_000_000
_TOGETHER = 3
"""Columns read in one call: each call opens every file and reads its footer anew."""

R = TypeVar("R")


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

    def columns(self, names: Sequence[str]) -> list[pl.Series]:
        """Return several columns, held at once."""

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

    def columns(self, names: Sequence[str]) -> list[pl.Series]:
        """Return several columns, held at once."""
        return self._table.frame.select(names).get_columns()

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
        self._prefixes: Prefixes | None = None
        self.height = snapshot.rows
        self.schema: Mapping[str, pl.DataType] = {
            column.name: DTYPES[column.kind] for column in snapshot.columns
        }

    def column(self, name: str) -> pl.Series:
        """Return one column."""
        return self.columns([name])[0]

    def columns(self, names: Sequence[str]) -> list[pl.Series]:
        """Return several columns, held at once."""
        fragments = self._snapshot.fragments
        places = [self._store.held(each.table) for each in fragments]
        files = [place for place in places if isinstance(place, Path)]
        if len(files) == len(places) and not any(each.deleted for each in fragments):
            # One call for all files: as fast as if all columns were read at once.
            found = pl.read_parquet(files, columns=list(names), glob=False)
            if found.height == self.height:
                return found.select(names).get_columns()
        pieces = [frame_of(each, names, self._store) for each in fragments]
        return pl.concat(pieces, rechunk=True).select(names).get_columns()

    def ids(self, places: Places) -> list[str]:
        """Return the ids of some rows."""
        if not len(places) or not is_content(self._snapshot):
            return ids_at(places.tolist(), self._snapshot, self._store)
        if self._prefixes is None:
            self._prefixes = prefixes_of(self._snapshot, self._store)
        return content_ids(places.tolist(), self._prefixes)

    def table(self, names: Sequence[str]) -> Table:
        """Return some columns of all rows, and all ids."""
        frame = pl.DataFrame([self.column(name) for name in names])
        return Table(frame, ids_of(self._snapshot, self._store))


def each_column(cells: Cells, look: Callable[[pl.Series], R]) -> list[R]:
    """Return what a look at each column gave, in the order of the columns.

    Several columns are looked at side by side; a few are read together. Of very long ones only
    one is held.
    """
    long = cells.height > _LONG
    names = list(cells.schema)
    reader = _Reader(cells, 1 if long else _TOGETHER)
    with ThreadPoolExecutor(1 if long else pl.thread_pool_size()) as threads:
        found = dict(threads.map(lambda _: reader.looked(look), names))
    return [found[name] for name in names]


class _Reader:
    """Gives each column of a table once, to whichever thread asks next."""

    def __init__(self, cells: Cells, together: int) -> None:
        # Texts take longest: first, so that no thread is left with one while the others are done.
        names = sorted(cells.schema, key=lambda name: cells.schema[name] != pl.String)
        self._cells = cells
        self._groups = (names[at : at + together] for at in range(0, len(names), together))
        self._read: deque[pl.Series] = deque()
        self._lock = Lock()

    def looked(self, look: Callable[[pl.Series], R]) -> tuple[str, R]:
        """Return the next column's name and what a look at it gave."""
        with self._lock:
            if not self._read:
                self._read.extend(self._cells.columns(next(self._groups)))
            series = self._read.popleft()
        return series.name, look(series)


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
