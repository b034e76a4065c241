"""A table as the rules of screening see it: rows to learn from, and what each column showed.

Columns are looked at one after the other and let go, so that a table need not be held; of each
remains what rules about whole rows need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from mlwright.data.cells import Cells
from mlwright.data.column import Column, Hashes, Places
from mlwright.data.records import Contract, Kind
from mlwright.data.sums import Sums, alike
from mlwright.data.unusual import Scores, placed


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What remains of a column that was looked at.

    ``identifies`` tells whether it names rows; ``absent`` marks the cells that are empty or say
    so, and is None where there are none; ``again`` are rows of a column that names rows whose cell
    stands in another row too, ``named`` these cells; ``half`` is the half of the columns it belongs
    to. ``scores`` tell where the numbers of the judged rows lie among all.
    """

    kind: Kind
    identifies: bool
    absent: pl.Series | None
    again: Places
    named: pl.Series
    half: int
    scores: Scores | None


@dataclass(eq=False)
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
    sums: Sums = field(init=False)
    _seen: dict[str, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sums = Sums(self.cells.height)

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return list(self.cells.schema)

    def column(self, name: str) -> Column:
        """Return one column, to be taken apart and let go."""
        return self.apart(self.cells.column(name))

    def apart(self, series: pl.Series) -> Column:
        """Return a column that was read, to be taken apart and let go."""
        return Column(
            series,
            self.fitted,
            self.today,
            is_key=series.name == self.key,
            is_target=series.name == self.target,
        )

    def note(self, column: Column) -> None:
        """Keep what rules about rows ask of a column."""
        names = column.identifies
        hashes = self.hash_of(column.name, column.series)
        again = np.empty(0, np.int64)
        if names and (self.fitted is not None or column.different < len(column.known)):
            again = alike(hashes)
        half = self.sums.add(hashes, column, feature=not (names or column.is_target))
        scores = None if names or column.is_target else self._scores(column)
        named = column.series.gather(again)
        self._seen[column.name] = Seen(
            column.kind, names, column.absent, again, named, half, scores
        )

    def _scores(self, column: Column) -> Scores | None:
        numbers = column.numbers
        if numbers is None or column.limits is None:
            return None
        cells = numbers.gather(self.judged).fill_null(float("nan"))
        return placed(cells.to_numpy(), column.learnt)

    @cached_property
    def judged(self) -> Places:
        """The rows that are judged as a whole: all, or of very many some evenly drawn."""
        rows = self.cells.height
        return np.arange(0, rows, 1 if rows <= _ALL_JUDGED else -(-rows // _JUDGED))

    def seen(self, name: str) -> Seen:
        """Return what a column showed."""
        return self._seen[name]

    @cached_property
    def answers(self) -> Column | None:
        """The column of the target, kept; None where no target is named."""
        return None if self.target is None else self.column(self.target)

    @cached_property
    def classes(self) -> pl.DataFrame | None:
        """The classes of the target with their fitted ``rows``, most first; None for amounts."""
        answers = self.answers
        if answers is None or answers.kind in (Kind.FLOAT, Kind.DATE, Kind.DATETIME):
            return None
        if answers.different > _MOST_CLASSES:
            return None
        if answers.kind is Kind.BOOLEAN:
            yes = int(answers.known.sum())
            rows = {False: len(answers.known) - yes, True: yes}
            kept = [(each, count) for each, count in rows.items() if count]
            counts = pl.DataFrame(
                kept, schema={"class": pl.Boolean, "rows": pl.Int64}, orient="row"
            )
        else:
            counts = answers.known.alias("class").value_counts(name="rows")
        return counts.sort("rows", "class", descending=[True, False])

    @property
    def known(self) -> Places:
        """The positions of the fitted rows."""
        if self.fitted is None:
            return np.arange(self.cells.height)
        return self.fitted.arg_true().to_numpy().astype(np.int64)

    @cached_property
    def alike(self) -> tuple[Places, Places]:
        """The rows which agree with another row in all columns of one half, and of the other."""
        return alike(self.sums.halves[0]), alike(self.sums.halves[1])

    @cached_property
    def repeated(self) -> Places:
        """The rows that stand more than once."""
        places = self.alike[0]
        return np.asarray(places[alike(self.sums.whole(places))])

    @cached_property
    def repeats(self) -> Places:
        """The rows whose every cell is as in an earlier row."""
        again = ~pl.Series(self.sums.whole(self.repeated)).is_first_distinct()
        return np.asarray(self.repeated[again.to_numpy()])

    def are_known(self, places: Places) -> Places:
        """Return those of some rows that are fitted."""
        if self.fitted is None:
            return places
        return np.asarray(places[self.fitted.gather(places).to_numpy()])

    def rows(self, names: Sequence[str], places: Places) -> pl.DataFrame:
        """Return some columns of some rows."""
        return pl.DataFrame([self.cells.column(name).gather(places) for name in names])

    def hash_of(self, name: str, cells: pl.Series) -> Hashes:
        """Return a number for each of some cells, the same for equal cells of this column."""
        return cells.hash(seed=self.names.index(name)).to_numpy()


_MOST_CLASSES = 50
_ALL_JUDGED = 50_000
_JUDGED = 10_000
