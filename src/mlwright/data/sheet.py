"""A table as the rules of screening see it: rows to learn from, and what each column showed.

Columns are looked at one after the other and let go, so that a table need not be held; of each
remains what rules about whole rows need. These look at few columns and at fewer rows with each:
rows that are alike in all cells are alike in the two that vary most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from mlwright.data.cells import Cells
from mlwright.data.column import Column, Hashes, Places, repeated
from mlwright.data.records import Contract, Kind


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What remains of a column that was looked at.

    ``identifies`` tells whether it names rows; ``absent`` marks the cells that are empty or say
    so, and is None where there are none.
    """

    kind: Kind
    variety: float
    identifies: bool
    absent: pl.Series | None


@dataclass(slots=True, eq=False)
class Sheet:
    """A table with what is known about it.

    ``fitted`` marks the rows that rules may learn from and whose target they may see; None means
    all. ``today`` is the day the table was read.
    """

    cells: Cells
    today: date
    fitted: pl.Series | None = None
    target: str | None = None
    key: str | None = None
    contract: Contract | None = None
    _seen: dict[str, Seen] = field(default_factory=dict)
    _alike: dict[frozenset[str], Places] = field(default_factory=dict)
    _answers: Column | None = None

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return list(self.cells.schema)

    def column(self, name: str) -> Column:
        """Return one column, to be taken apart and let go."""
        return Column(
            self.cells.column(name),
            self.fitted,
            self.today,
            is_key=name == self.key,
            is_target=name == self.target,
        )

    def note(self, column: Column) -> Seen:
        """Keep what rules about rows ask of a column."""
        seen = Seen(column.kind, column.variety, column.identifies, column.absent)
        self._seen[column.name] = seen
        return seen

    def seen(self, name: str) -> Seen:
        """Return what a column showed."""
        return self._seen.get(name) or self.note(self.column(name))

    @property
    def answers(self) -> Column | None:
        """The column of the target, kept; None where no target is named."""
        if self._answers is None and self.target is not None:
            self._answers = self.column(self.target)
        return self._answers

    @property
    def classes(self) -> pl.DataFrame | None:
        """The classes of the target with their fitted ``rows``, most first; None for amounts."""
        answers = self.answers
        if answers is None or answers.kind in (Kind.FLOAT, Kind.DATE, Kind.DATETIME):
            return None
        if answers.different > _MOST_CLASSES:
            return None
        counts = answers.known.alias("class").value_counts(name="rows")
        return counts.sort("rows", "class", descending=[True, False])

    @property
    def known(self) -> Places:
        """The positions of the fitted rows."""
        if self.fitted is None:
            return np.arange(self.cells.height)
        return self.fitted.arg_true().to_numpy().astype(np.int64)

    @property
    def repeats(self) -> Places:
        """The rows whose every cell is as in an earlier row."""
        alike = self.alike(self.names)
        if not len(alike):
            return alike
        again = ~pl.Series(self.hashes(self.names, alike)).is_first_distinct()
        return np.asarray(alike[again.to_numpy()])

    def are_known(self, places: Places) -> Places:
        """Return those of some rows that are fitted."""
        if self.fitted is None:
            return places
        return np.asarray(places[self.fitted.gather(places).to_numpy()])

    def rows(self, names: Sequence[str], places: Places) -> pl.DataFrame:
        """Return some columns of some rows."""
        return pl.DataFrame([self.cells.column(name).gather(places) for name in names])

    def hashes(self, names: Sequence[str], places: Places) -> Hashes:
        """Return for each of some rows the sum of its cells' hashes, to take one cell's off."""
        total = np.zeros(len(places), np.uint64)
        for name in names:
            total += self.hash_of(name, places)
        return total

    def hash_of(self, name: str, places: Places | None = None) -> Hashes:
        """Return a number for each cell of a column, the same for equal cells of this column."""
        series = self.cells.column(name)
        if places is not None and len(places) < len(series):
            series = series.gather(places)
        return series.hash(seed=self.names.index(name)).to_numpy()

    def alike(self, names: Sequence[str]) -> Places:
        """Return the rows which agree with another row in every one of some columns."""
        wanted = frozenset(names)
        if wanted in self._alike:
            return self._alike[wanted]
        # Rows alike in more columns are among those alike in some of them.
        before = max((e for e in self._alike if e < wanted), key=len, default=frozenset[str]())
        places = self._alike.get(before, np.arange(self.cells.height))
        total = self.hashes(sorted(before), places)
        # What varies most goes first: after a few columns hardly a row is left.
        rest = sorted(wanted - before, key=lambda name: (-self.seen(name).variety, name))
        for start in range(0, len(rest), _AT_ONCE):
            if not len(places):
                break
            for name in rest[start : start + _AT_ONCE]:
                total += self.hash_of(name, places)
            kept = _among(total, repeated(total))
            places, total = places[kept], total[kept]
        self._alike[wanted] = places if wanted else np.empty(0, np.int64)
        return self._alike[wanted]


def _among(hashes: Hashes, wanted: Hashes) -> Places:
    """Return the positions of the hashes that are among some."""
    if not len(wanted):
        return np.empty(0, np.int64)
    found = pl.Series(hashes).is_in(pl.Series(wanted).implode())
    return found.arg_true().to_numpy().astype(np.int64)


_AT_ONCE = 2
_MOST_CLASSES = 50
