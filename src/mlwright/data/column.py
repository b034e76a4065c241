"""One column of a table, taken apart as far as somebody asks: texts, numbers, days, limits.

What is learnt (counts, quantiles, formats) is learnt from fitted rows alone; rows of the sealed
test part are judged by it. Whatever can be told from an extreme or from some evenly drawn cells
is, and all cells are looked at only where that says something may be found.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.digests import DTYPES
from mlwright.data.records import Kind
from mlwright.data.shapes import usual_shapes
from mlwright.data.sources.kinds import MISSING
from mlwright.data.tails import Limits, limits
from mlwright.data.tally import Tally, tally

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
NUMBER = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
"""How a number is written."""

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

_NOTHING = ALWAYS_MISSING | OFTEN_MISSING
_UNTIDY = r"^\s|\s$|[^\x20-\x7e]"
_KINDS = {dtype: kind for kind, dtype in DTYPES.items()}
_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_TALLIED = {
    Kind.INTEGER: pl.Int64,
    Kind.FLOAT: pl.Float64,
    Kind.DATE: pl.Int64,
    Kind.DATETIME: pl.Int64,
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
    """One column, taken apart when a rule first asks.

    Parameters
    ----------
    fitted
        Marks the rows that may be learnt from; None means all.
    today
        The day the table was read.
    """

    def __init__(
        self,
        series: pl.Series,
        fitted: pl.Series | None,
        today: date,
        *,
        is_key: bool = False,
        is_target: bool = False,
    ) -> None:
        self.series = series
        self.name = series.name
        self.kind = _KINDS[series.dtype]
        self.nulls = series.null_count()
        self.today = today
        self.is_key = is_key
        self.is_target = is_target
        self._fitted = fitted

    def learnt_from(self, cells: pl.Series) -> pl.Series:
        """Return those of a cell for each row that are of fitted rows."""
        return cells if self._fitted is None else cells.filter(self._fitted)

    @property
    def learnable(self) -> int:
        """How many rows are fitted."""
        return len(self.series) if self._fitted is None else int(self._fitted.sum())

    @cached_property
    def known(self) -> pl.Series:
        """The present cells of fitted rows."""
        series = self.learnt_from(self.series)
        return series.drop_nulls() if series.null_count() else series

    @cached_property
    def tally(self) -> Tally:
        """The known cells counted, where they are numbers, days or moments."""
        return self._tallied(self.known)

    def _tallied(self, cells: pl.Series) -> Tally:
        return tally(cells.to_physical().cast(_TALLIED[self.kind]).to_numpy())

    @cached_property
    def different(self) -> int:
        """How many different values fitted rows hold."""
        if self.kind in _TALLIED:
            return self.tally.different
        if self.kind is Kind.BOOLEAN:
            return self.known.n_unique()
        if self.is_wide:
            return len(self.known) - self.repeated.height + self.repeated["text"].n_unique()
        return self.words.table.filter(pl.col("fitted") > 0).height

    @cached_property
    def repeated(self) -> pl.DataFrame:
        """Of texts that mostly differ, those known cells which may equal another: ``text``."""
        hashes = self.known.hash()
        again = repeated(hashes.to_numpy())
        if not len(again):
            return self.known.head(0).alias("text").to_frame()
        return self.known.filter(hashes.is_in(pl.Series(again).implode())).alias("text").to_frame()

    @cached_property
    def some(self) -> pl.Series:
        """Some of the present cells of fitted rows, evenly drawn: to look before a long look."""
        return self.known.gather_every(max(1, len(self.known) // _SOME))

    @cached_property
    def variety(self) -> float:
        """Which share of some cells differ from each other."""
        if not len(self.some):
            return 0.0
        if self.kind in _TALLIED:
            return self._tallied(self.some).different / len(self.some)
        return self.some.n_unique() / len(self.some)

    @property
    def is_wide(self) -> bool:
        """Whether most cells differ from each other."""
        return self.variety > _WIDE

    @cached_property
    def is_uniform(self) -> bool:
        """Whether every cell is of one plain shape, so that nothing can be wrong with its text.

        One look at each cell, instead of one for each thing that could be wrong with it.
        """
        if self.kind is not Kind.STRING or not self.is_wide:
            return False
        for shape in usual_shapes(pl.DataFrame({"text": self.some, "fitted": 1})):
            plain = shape.pattern.replace(r"\p{Lu}", "[A-Z]").replace(r"\p{Ll}", "[a-z]")
            if re.search(_UNTIDY, shape.example) or any(re.search(plain, n) for n in _NOTHING):
                return False
            fits = float(str(self.some.str.contains(plain).mean()))
            if fits >= NEARLY_ALL:  # else numbers of several lengths, which come next
                return fits == 1 and bool(self.series.str.contains(plain).all())
        return False

    @cached_property
    def is_tidy(self) -> bool:
        """Whether no text is surrounded by spaces or holds anything but plain ASCII."""
        if self.is_uniform:
            return True
        return not self.words.table["text"].str.contains(_UNTIDY).any()

    @cached_property
    def words(self) -> Words:
        """The texts of a text column: each once where they repeat, else one for each cell."""
        table = self._each() if self.is_wide else self._counted()
        total = max(int(table["fitted"].sum() or 0), 1)
        # No spelling of "missing" is longer, and short texts are quickly looked at.
        short = (table["text"].str.len_bytes() <= _LONGEST_MISSING).arg_true()
        few = table[short]
        bare = few["text"].str.strip_chars().str.to_lowercase()
        often = bare.is_in(list(OFTEN_MISSING)) & (few["fitted"] <= _RARE * total)
        found = short.filter(bare.is_in(list(ALWAYS_MISSING)) | often | (bare == ""))
        missing = pl.repeat(value=False, n=table.height, dtype=pl.Boolean, eager=True)
        if len(short) < table.height:
            missing = table["text"].str.contains(r"^\s*$")
        return Words(table.with_columns(missing=missing.scatter(found, values=True)))

    @cached_property
    def missing(self) -> pl.Series:
        """The texts that mean "missing"."""
        if self.kind is not Kind.STRING or self.is_uniform:
            return pl.Series("text", [], dtype=pl.String)
        return self.words.table.filter("missing")["text"]

    @cached_property
    def absent(self) -> pl.Series | None:
        """Which cells are empty or say that they are; None where none is."""
        if not self.nulls and not len(self.missing):
            return None
        absent = self.series.is_null()
        if len(self.missing):
            absent |= self.cells(self.missing).fill_null(value=False)
        return absent

    def _each(self) -> pl.DataFrame:
        fitted = pl.lit(value=True) if self._fitted is None else self._fitted
        frame = pl.DataFrame({"text": self.series}).with_columns(fitted=fitted)
        counts = [pl.lit(1, pl.Int64).alias("rows"), pl.col("fitted").cast(pl.Int64)]
        return frame.drop_nulls("text").with_columns(counts).select("text", "rows", "fitted")

    def _counted(self) -> pl.DataFrame:
        """Count texts by a number for each, which takes half the time of comparing them."""
        cells = pl.DataFrame({"text": self.series.hash(), "place": _numbered(self.series)})
        if self._fitted is not None:
            cells = cells.with_columns(fitted=self._fitted)
        if self.nulls:
            cells = cells.filter(self.series.is_not_null())
        rows = pl.len().cast(pl.Int64).alias("rows")
        fitted = (pl.len() if self._fitted is None else pl.col("fitted").sum()).cast(pl.Int64)
        counted = cells.lazy().group_by("text")
        found = counted.agg(pl.col("place").min(), rows, fitted.alias("fitted")).collect()
        texts = self.series.gather(found["place"]).alias("text")
        table = found.select(texts, "rows", "fitted")
        return table.sort("fitted", "text", descending=[True, False])

    @cached_property
    def numbers(self) -> pl.Series | None:
        """The column as numbers where it is one, or would be but for stray texts; else None."""
        if self.kind is Kind.STRING:
            return self._numbers
        if self.kind not in _NUMBERS:
            return None
        values = self.series.cast(pl.Float64)
        if self.kind is Kind.FLOAT and not all(map(math.isfinite, self._extremes)):
            return values.set(values.is_infinite(), None)
        return values

    @cached_property
    def _extremes(self) -> tuple[float, ...]:
        """The least and the greatest cell of a column of numbers, where there is one."""
        return tuple(float(str(v)) for v in (self.series.min(), self.series.max()) if v is not None)

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers, or would but for stray texts."""
        if self.kind is Kind.STRING:
            return self._numbers is not None
        return self.kind in _NUMBERS

    @cached_property
    def _numbers(self) -> pl.Series | None:
        likely = self.some.str.strip_chars().str.contains(NUMBER).mean()
        if float(str(likely or 0)) < _LIKELY:
            return None
        words = self.words.table
        bare = words["text"].str.strip_chars()
        read = bare.cast(pl.Float64, strict=False)
        read = read.set(~bare.str.contains(NUMBER), None)
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
        if self.is_wide:
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
    def ends(self) -> tuple[float, float] | None:
        """The least and the greatest number of all cells; None where there is none."""
        numbers = self.numbers
        if numbers is None or numbers.null_count() == len(numbers):
            return None
        if self.kind in _NUMBERS and all(map(math.isfinite, self._extremes)):
            low, high = self._extremes
            return low, high
        return float(str(numbers.min())), float(str(numbers.max()))

    @cached_property
    def limits(self) -> Limits | None:
        """Where the column's numbers can be expected; None where that cannot be told."""
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
        if not len(learnt) or (found.low <= learnt[0] and learnt[-1] <= found.high):
            return np.empty(0)
        beyond = learnt[(learnt < found.low) | (learnt > found.high)]
        different, times = np.unique(beyond, return_counts=True)
        return np.asarray(different[times >= max(_OFTEN, _OFTEN_SHARE * len(learnt))])

    @cached_property
    def outside(self) -> Places:
        """The rows whose number lies outside the limits."""
        found = self.limits
        if found is None or self.ends is None:
            return np.empty(0, np.int64)
        if found.low <= self.ends[0] and self.ends[1] <= found.high:
            return np.empty(0, np.int64)
        values = self.values
        beyond = np.flatnonzero((values < found.low) | (values > found.high))
        return beyond[~np.isin(values[beyond], self.apart)] if len(self.apart) else beyond

    @cached_property
    def is_category(self) -> bool:
        """Whether the column holds texts of which the same few come again and again."""
        if self.kind is not Kind.STRING or self.is_wide:
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
        known = self.learnt_from(numbers)
        if known.null_count():
            known = known.drop_nulls()
        drawn = known.gather_every(max(1, len(known) // _LEARNT))
        return np.sort(drawn.to_numpy())

    @cached_property
    def identifies(self) -> bool:
        """Whether the column names rows: the key, or text or whole numbers that hardly repeat."""
        if self.is_key:
            return True
        if self.kind not in (Kind.STRING, Kind.INTEGER) or self.variety < 1 - 2 * _REPEATS:
            return False
        seen = len(self.known)
        if seen < _FEWEST_IDS:
            return False
        if self.kind is Kind.STRING:
            coded = self.known.head(_FEWEST_IDS).str.contains(r"\d|@").mean()
            if float(str(coded or 0)) < NEARLY_ALL:
                return False
            return seen - self.different <= _REPEATS * seen
        # Amounts over a wide range hardly repeat either: ids repeat far less, or more, than chance.
        low, high = self.known.min(), self.known.max()
        width = float(str(high)) - float(str(low)) + 1
        drawn = self.learnt
        if _is_drawn(len(drawn), int((drawn[1:] == drawn[:-1]).sum()), width):
            return False
        repeats = seen - self.different
        chance = seen * seen / (2 * width)
        return repeats <= _REPEATS * seen and (
            chance < _BY_CHANCE or (chance >= _ENOUGH and repeats < chance / 10)
        )


def repeated(hashes: Hashes) -> Hashes:
    """Return the numbers that stand more than once, each once."""
    ordered = np.sort(hashes)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.asarray(again[np.concatenate([[True], again[1:] != again[:-1]])[: len(again)]])


def _is_drawn(count: int, repeats: int, width: float) -> bool:
    """Whether some of a column's numbers repeat as often as numbers drawn from a range do."""
    chance = count * count / (2 * width)
    return chance >= _ENOUGH and repeats >= chance / 10


def _numbered(series: pl.Series) -> pl.Series:
    return pl.int_range(len(series), dtype=pl.UInt32, eager=True)


_SOME = 10_000
_LEARNT = 100_000
_WIDE = 0.5
_LIKELY = 0.8
_LONGEST_MISSING = 20
_OFTEN = 5
_OFTEN_SHARE = 0.0005
_MOST_CATEGORIES = 2_000
_REPEATED = 5
_FEWEST_IDS = 100
_REPEATS = 0.01
_BY_CHANCE = 0.01
_ENOUGH = 20
