"""A table as the rules of screening see it: rows to learn from, and each column taken apart once.

What is learnt (counts, quantiles, formats) is learnt from ``fitted`` rows alone; rows of the
sealed test part are judged by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.records import Contract, Kind
from mlwright.data.sources.kinds import MISSING
from mlwright.data.tails import Limits, limits

NEARLY_ALL = 0.95
"""So many of a text column's present values make it a column of numbers or dates with strays."""

ALWAYS_MISSING = frozenset(
    (*MISSING, "(null)", "<null>", "(none)", "#null!", "#value!", "#ref!")
) - {"na", "none"}
"""Spellings that mean "missing" whatever the column holds."""

OFTEN_MISSING = frozenset(
    ("na", "none", "-", "--", ".", "unknown", "missing", "not available", "nil", "undefined", "tbd")
)
"""Spellings that mean "missing" unless the column uses them as a category of its own."""

_RARE = 0.01
_NUMBER = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_DAY = "%Y-%m-%d"
DAYS: Mapping[str, str] = {
    "YYYY-MM-DD": r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}.*)?$",
    "DD/MM/YYYY": r"^(\d{2}/\d{2}/\d{4})$",
    "MM/DD/YYYY": r"^(\d{2}/\d{2}/\d{4})$",
    "DD.MM.YYYY": r"^(\d{2}\.\d{2}\.\d{4})$",
    "YYYY/MM/DD": r"^(\d{4}/\d{2}/\d{2})$",
}
"""How a day can be written, and what of the text is the day."""

_READ = {"YYYY": "%Y", "MM": "%m", "DD": "%d"}

_KINDS = {
    pl.Boolean(): Kind.BOOLEAN,
    pl.Int64(): Kind.INTEGER,
    pl.Float64(): Kind.FLOAT,
    pl.String(): Kind.STRING,
    pl.Date(): Kind.DATE,
    pl.Datetime("us"): Kind.DATETIME,
}

Numbers = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The different texts of a column, with how often each stands in all and in fitted rows.

    ``table`` has the columns ``text``, ``rows``, ``fitted`` and ``missing``.
    """

    table: pl.DataFrame

    def present(self) -> pl.DataFrame:
        """Return the texts that do not mean "missing"."""
        return self.table.filter(~pl.col("missing"))


class Column:
    """One column, taken apart when a rule first asks."""

    def __init__(self, series: pl.Series, fitted: pl.Series | None) -> None:
        self.series = series
        self.name = series.name
        self.kind = _KINDS[series.dtype]
        self._fitted = fitted

    @property
    def known(self) -> pl.Series:
        """The present cells of fitted rows."""
        series = self.series if self._fitted is None else self.series.filter(self._fitted)
        return series.drop_nulls()

    @cached_property
    def different(self) -> int:
        """How many different values fitted rows hold."""
        return self.known.hash().n_unique()  # of numbers: texts take five times as long

    @cached_property
    def some(self) -> pl.Series:
        """Some of the present cells of fitted rows, evenly drawn: to look before a long look."""
        known = self.known
        return known.gather_every(max(1, len(known) // _SOME))

    @cached_property
    def variety(self) -> float:
        """Which share of some cells differ from each other."""
        return self.some.n_unique() / len(self.some) if len(self.some) else 0.0

    @cached_property
    def words(self) -> Words:
        """The texts of a text column: each once where they repeat, else one for each cell."""
        table = self._each() if self.variety > _WIDE else self._counted()
        # No spelling of "missing" is longer, and short texts are quickly looked at.
        short = pl.col("text").str.len_bytes() <= _LONGEST_MISSING
        bare = pl.when(short).then(pl.col("text").str.strip_chars().str.to_lowercase())
        blank = pl.col("text").str.contains(r"^\s*$")
        total = max(int(table["fitted"].sum() or 0), 1)
        often = bare.is_in(list(OFTEN_MISSING)) & (pl.col("fitted") <= _RARE * total)
        missing = (bare.is_in(list(ALWAYS_MISSING)) | often).fill_null(value=False) | blank
        return Words(table.with_columns(missing=missing))

    def _each(self) -> pl.DataFrame:
        fitted = pl.lit(value=True) if self._fitted is None else self._fitted
        frame = pl.DataFrame({"text": self.series}).with_columns(fitted=fitted)
        counts = [pl.lit(1, pl.Int64).alias("rows"), pl.col("fitted").cast(pl.Int64)]
        return frame.drop_nulls("text").with_columns(counts).select("text", "rows", "fitted")

    def _counted(self) -> pl.DataFrame:
        frame = pl.DataFrame({"text": self.series}).lazy()
        counts = [pl.len().cast(pl.Int64).alias("rows")]
        if self._fitted is None:
            table = frame.drop_nulls().group_by("text").agg(counts).collect()
            table = table.with_columns(fitted="rows")
        else:
            frame = frame.with_columns(fitted=self._fitted).drop_nulls("text")
            table = (
                frame.group_by("text").agg(*counts, pl.col("fitted").sum().cast(pl.Int64)).collect()
            )
        return table.sort("fitted", "text", descending=[True, False])

    @property
    def numbers(self) -> pl.Series | None:
        """The column as numbers where it is one, or would be but for stray texts; else None."""
        if self.kind is Kind.STRING:
            return self._numbers
        if self.kind not in (Kind.INTEGER, Kind.FLOAT):
            return None
        values = self.series.cast(pl.Float64)
        infinite = values.is_infinite()
        return values.set(infinite, None) if infinite.any() else values

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers, or would but for stray texts."""
        if self.kind is Kind.STRING:
            return self._numbers is not None
        return self.kind in (Kind.INTEGER, Kind.FLOAT)

    @cached_property
    def _numbers(self) -> pl.Series | None:
        likely = self.some.str.strip_chars().str.contains(_NUMBER).mean()
        if float(str(likely or 0)) < _LIKELY:
            return None
        words = self.words.table
        bare = words["text"].str.strip_chars()
        read = bare.cast(pl.Float64, strict=False)
        read = read.set(~bare.str.contains(_NUMBER), None)
        return self._read(words, read)

    @cached_property
    def days(self) -> tuple[str, pl.Series] | None:
        """The column as days, and how they are written; None where it holds none."""
        if self.kind is Kind.DATE:
            return "YYYY-MM-DD", self.series
        if self.kind is Kind.DATETIME:
            return "YYYY-MM-DD", self.series.cast(pl.Date)
        if self.kind is not Kind.STRING:
            return None
        likely = self.some.str.contains(r"\d[-/.]\d").mean()
        if float(str(likely or 0)) < _LIKELY:
            return None
        words = self.words.table
        for name, pattern in DAYS.items():
            form = name
            for letters, code in _READ.items():
                form = form.replace(letters, code)
            read = (
                words["text"].str.strip_chars().str.extract(pattern).str.to_date(form, strict=False)
            )
            values = self._read(words, read)
            if values is not None:
                return name, values
        return None

    def _read(self, words: pl.DataFrame, read: pl.Series) -> pl.Series | None:
        """Return all cells as what their texts were read as, if nearly all of them could be."""
        present = int(words.filter(~words["missing"])["fitted"].sum())
        fits = int(words["fitted"].filter(read.is_not_null()).sum())
        if not fits or fits < NEARLY_ALL * present:
            return None
        if self.variety > _WIDE:
            cells = pl.Series(self.name, [None], dtype=read.dtype).new_from_index(
                0, len(self.series)
            )
            return cells.scatter(self.series.is_not_null().arg_true(), read)
        return self.series.replace_strict(
            words["text"], read, default=None, return_dtype=read.dtype
        )

    def cells(self, texts: pl.Series) -> pl.Series:
        """Return which rows hold one of some texts."""
        return self.series.is_in(texts.implode())

    @cached_property
    def limits(self) -> Limits | None:
        """Where the column's numbers can be expected; None where that cannot be told."""
        if not self.is_numeric:
            return None
        numbers = self.numbers
        return None if numbers is None else limits(self.learnt, len(numbers) - numbers.null_count())

    @property
    def values(self) -> Numbers:
        """Every cell's number, not a number where there is none."""
        numbers = self.numbers
        assert numbers is not None, "the column holds no numbers"
        return numbers.fill_null(float("nan")).to_numpy()

    @cached_property
    def apart(self) -> Numbers:
        """Numbers outside the limits that stand too often for a slip."""
        found = self.limits
        if found is None:
            return np.empty(0)
        learnt = self.learnt
        beyond = learnt[(learnt < found.low) | (learnt > found.high)]
        different, times = np.unique(beyond, return_counts=True)
        return np.asarray(different[times >= max(_OFTEN, _OFTEN_SHARE * len(learnt))])

    @cached_property
    def outside(self) -> Places:
        """The rows whose number lies outside the limits."""
        found = self.limits
        if found is None:
            return np.empty(0, np.int64)
        values = self.values
        beyond = np.flatnonzero((values < found.low) | (values > found.high))
        return beyond[~np.isin(values[beyond], self.apart)]

    @cached_property
    def is_category(self) -> bool:
        """Whether the column holds texts of which the same few come again and again."""
        if self.kind is not Kind.STRING or self.variety > _WIDE:
            return False
        if self.is_numeric or self.days is not None:
            return False
        words = self.words.table
        return 1 < words.height <= _MOST_CATEGORIES and (
            _REPEATED * words.height <= int(words["fitted"].sum())
        )

    @cached_property
    def learnt(self) -> Numbers:
        """The finite numbers of fitted rows, of very many some evenly drawn, in order of size."""
        numbers = self.numbers
        assert numbers is not None, "the column holds no numbers"
        known = numbers if self._fitted is None else numbers.filter(self._fitted)
        known = known.drop_nulls()
        return known.gather_every(max(1, len(known) // _LEARNT)).sort().to_numpy()


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A table with what is known about it.

    ``fitted`` marks the rows that rules may learn from and whose target they may see; None means
    all. ``today`` is the day the table was read.
    """

    frame: pl.DataFrame
    row_ids: pl.Series
    today: date
    fitted: pl.Series | None = None
    target: str | None = None
    key: str | None = None
    contract: Contract | None = None
    _columns: dict[str, Column] = field(default_factory=dict)
    _hashes: dict[frozenset[str], Hashes] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return self.frame.columns

    def column(self, name: str) -> Column:
        """Return one column."""
        if name not in self._columns:
            self._columns[name] = Column(self.frame[name], self.fitted)
        return self._columns[name]

    @property
    def columns(self) -> list[Column]:
        """All columns, in the table's order."""
        return [self.column(name) for name in self.names]

    @property
    def learnable(self) -> pl.DataFrame:
        """The fitted rows."""
        return self.frame if self.fitted is None else self.frame.filter(self.fitted)

    @property
    def classes(self) -> pl.DataFrame | None:
        """The classes of the target with their fitted ``rows``, most first; None for amounts."""
        if self.target is None:
            return None
        column = self.column(self.target)
        if (
            column.kind in (Kind.FLOAT, Kind.DATE, Kind.DATETIME)
            or column.different > _MOST_CLASSES
        ):
            return None
        counts = column.known.value_counts(name="rows of it")
        named = counts.select(
            pl.col(self.target).alias("class"), pl.col("rows of it").alias("rows")
        )
        return named.sort("rows", "class", descending=[True, False])

    @property
    def known(self) -> Places:
        """The positions of the fitted rows."""
        if self.fitted is None:
            return np.arange(self.frame.height)
        return self.fitted.arg_true().to_numpy().astype(np.int64)

    def hashes(self, names: Sequence[str]) -> Hashes:
        """Return for each row the sum of its cells' hashes, so that one cell's can be taken off."""
        wanted = frozenset(names)
        if wanted not in self._hashes:
            others = [name for name in self.names if name not in wanted]
            if 0 < len(others) < len(wanted):
                self._hashes[wanted] = self.hashes(self.names) - self._summed(others)
            else:
                self._hashes[wanted] = self._summed(names)
        return self._hashes[wanted]

    def _summed(self, names: Sequence[str]) -> Hashes:
        total = np.zeros(self.frame.height, np.uint64)
        for name in names:
            total += self.hash_of(name)
        return total

    def hash_of(self, name: str) -> Hashes:
        """Return a number for each cell of a column, the same for equal cells of this column."""
        seed = self.frame.get_column_index(name)
        return self.frame[name].hash(seed=seed).to_numpy()

    def is_identifying(self, name: str) -> bool:
        """Whether a column names rows: the key, or text or whole numbers that hardly repeat."""
        column = self.column(name)
        if name == self.key:
            return True
        if column.kind not in (Kind.STRING, Kind.INTEGER) or column.variety < 1 - 2 * _REPEATS:
            return False
        seen = len(column.known)
        if seen < _FEWEST_IDS:
            return False
        repeats = seen - column.different
        if repeats > _REPEATS * seen:
            return False
        if column.kind is Kind.STRING:
            coded = column.known.head(_FEWEST_IDS).str.contains(r"\d|@").mean()
            return float(str(coded or 0)) >= NEARLY_ALL
        # Amounts over a wide range hardly repeat either: ids repeat far less, or more, than chance.
        low, high = column.known.min(), column.known.max()
        width = float(str(high)) - float(str(low)) + 1
        chance = seen * seen / (2 * width)
        return chance < _BY_CHANCE or (chance >= _ENOUGH and repeats < chance / 10)


_SOME = 10_000
_LEARNT = 100_000
_WIDE = 0.5
_LIKELY = 0.8
_LONGEST_MISSING = 20
_OFTEN = 5
_OFTEN_SHARE = 0.0005
_MOST_CATEGORIES = 2_000
_REPEATED = 5
_MOST_CLASSES = 50
_FEWEST_IDS = 100
_REPEATS = 0.01
_BY_CHANCE = 0.01
_ENOUGH = 20
