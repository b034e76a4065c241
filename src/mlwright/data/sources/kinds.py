"""Which kind a column of text holds, decided over all values so that row order never matters.

Text is read as a kind only when nothing of it is lost: ``007``, ``+49`` and integers beyond 64
bits stay text. What is normalised on the way (a spelling of "missing", outer spaces, a time zone)
is told as a reading.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from mlwright.data.records import Reading

MISSING = ("", "?", "na", "n/a", "nan", "null", "none", "<na>", "#n/a")
"""What counts as missing in a column whose other values are numbers, truth values or dates."""

_SAMPLE = 200
_FLOAT = r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_INFINITE = r"^-?(?i:inf|infinity)$"
_DECIMAL_COMMA = r"^-?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = (
    r"^(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<minute>[0-9]{2}:[0-9]{2})(?::(?P<second>[0-5][0-9])(?P<fraction>\.[0-9]{1,6})?0*)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_ZONED = r"[T ].*(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
_USUAL_MOMENTS = tuple(
    f"%Y-%m-%d{between}%H:%M:%S{fraction}" for between in " T" for fraction in ("", "%.6f")
)

Told = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Reader:
    """How text becomes one kind: null where it does not fit; and what to tell once all fits."""

    read: Callable[[pl.Series], pl.Series]
    tell: Callable[[pl.Series, pl.Series], Iterator[Told]]


class TextColumn:
    """A column that arrives in blocks of text and ends as one of the six kinds.

    Blocks of plain integers are kept as integers, which takes less room; should a later block
    hold something else, their text is written again from them exactly.

    Parameters
    ----------
    text
        The column stays text whatever it holds.
    """

    def __init__(self, name: str, *, text: bool = False) -> None:
        self.name = name
        self._text = text
        self._blocks: list[pl.Series] = []
        self._plain = not text

    def add(self, values: pl.Series) -> None:
        """Take the next block."""
        if self._plain:
            integers = _integers(values)
            self._plain = integers.null_count() == values.null_count()
            values = integers if self._plain else values
        self._blocks.append(values)

    def finish(self) -> tuple[pl.Series, list[Reading]]:
        """Return the whole column under its name, and what was normalised."""
        blocks, self._blocks = self._blocks, []
        if self._plain and any(block.null_count() < len(block) for block in blocks):
            return pl.concat(blocks).rename(self.name), []
        empty = pl.Series([], dtype=pl.String)
        whole = pl.concat([empty, *(block.cast(pl.String) for block in blocks)])
        values, told = (whole, []) if self._text else decide(whole)
        return values.rename(self.name), [Reading(self.name, what, count) for what, count in told]


def decide(text: pl.Series) -> tuple[pl.Series, list[Told]]:
    """Return the column as the first kind every value fits, else as text, and what to tell."""
    present = text.drop_nulls()
    if not len(present):
        return text, []
    sample = present.head(_SAMPLE)
    for reader in _READERS:
        # A kind the first values do not fit is out; looking at them first only saves time.
        if _fit(reader, sample, sampled=True) is None:
            continue
        if (fitted := _fit(reader, text, sampled=False)) is not None:
            return fitted
    return text, list(_hints(present))


def dates_in(text: pl.Series) -> tuple[pl.Series, list[Told]]:
    """Return texts as dates or moments when all of them are ISO 8601, else as they are.

    For formats that have no dates of their own; where a format has some, a text is a text.
    """
    if text.null_count() < len(text):
        for reader in _DATED:
            if _fit(reader, text.head(_SAMPLE), sampled=True) is None:
                continue
            values = reader.read(text)
            if values.null_count() == text.null_count():
                present = len(text) - text.null_count()
                told = list(reader.tell(text, values))
                return values, [("texts that are ISO dates read as dates", present), *told]
    return text, []


def numbers_in(text: pl.Series) -> tuple[pl.Series, list[Told]]:
    """Return texts that are known to be numbers as whole numbers, else as decimals."""
    for reader in _NUMERIC:
        if (fitted := _fit(reader, text, sampled=False)) is not None:
            return fitted
    return text, []


def _fit(reader: _Reader, text: pl.Series, *, sampled: bool) -> tuple[pl.Series, list[Told]] | None:
    """Return the text as the reader's kind when every value fits it or means "missing"."""
    values = reader.read(text)
    told: list[Told] = []
    odd = values.is_null() & text.is_not_null()
    if odd.any():
        rest = text.filter(odd)
        bare = rest.str.strip_chars(" \t")
        missing = bare.str.to_lowercase().is_in(MISSING)
        spaced = int((~missing).sum())
        spellings = rest.filter(missing).value_counts().rows()
        told = [(f"{text!r} read as missing", count) for text, count in sorted(spellings)]
        if spaced:
            if reader.read(bare.filter(~missing)).null_count():
                return None
            told.append(("spaces around values removed", spaced))
            text = text.clone().scatter(odd.arg_true(), bare.set(missing, None))
            values = reader.read(text)
            if values.null_count() != text.null_count():
                return None
    if values.null_count() == len(values) and not sampled:
        return None
    return values, told if sampled else [*told, *reader.tell(text, values)]


def _integers(text: pl.Series) -> pl.Series:
    """Read what is exactly how an integer of 64 bits is written."""
    values = text.cast(pl.Int64, strict=False)
    return values.set((values.cast(pl.String) != text).fill_null(False), None)


def _floats(text: pl.Series) -> pl.Series:
    """Read decimals without leading zeros or plus; one too large for 64 bits does not fit."""
    values = text.cast(pl.Float64, strict=False)
    wrong = ~text.str.contains(_FLOAT)
    infinite = values.is_infinite()
    if infinite.any():
        wrong = (wrong | infinite) & ~text.str.contains(_INFINITE)
    return values.set(wrong.fill_null(False), None)


def _booleans(text: pl.Series) -> pl.Series:
    folded = text.str.to_lowercase()
    return (folded == "true").set((~folded.is_in(["true", "false"])).fill_null(False), None)


def _dates(text: pl.Series) -> pl.Series:
    values = text.str.to_date("%Y-%m-%d", strict=False)
    return _in_calendar(values.set((~text.str.contains(_DAY)).fill_null(False), None))


def _moments(text: pl.Series) -> pl.Series:
    """Read ISO 8601 dates with times, in UTC when they have zones; all or none have one."""
    for pattern in _USUAL_MOMENTS:
        # Twice as fast as taking each text apart, where all are written alike.
        if _as_written(text.head(1), pattern).null_count() == text.head(1).null_count():
            values = _in_calendar(_as_written(text, pattern))
            if values.null_count() == text.null_count():
                return values
    # In one piece: polars 2.1 panics on formatting pieces of which some are empty.
    parts = text.rechunk().str.extract_groups(_MOMENT).struct.unnest()
    fits = parts["day"].is_not_null()
    zoned = parts["zone"].is_not_null()
    if zoned.any() and (fits & ~zoned).any():
        return pl.Series([None] * len(text), dtype=pl.Datetime("us"))
    written = parts.select(
        pl.format(
            "{} {}:{}{}",
            "day",
            pl.col("minute").fill_null("00:00"),
            pl.col("second").fill_null("00"),
            pl.col("fraction").fill_null(".0").str.pad_end(7, "0"),
        )
    ).to_series()
    values = written.str.to_datetime("%Y-%m-%d %H:%M:%S%.6f", strict=False, time_unit="us")
    if not zoned.any():
        return _in_calendar(values)
    return _in_calendar(values - _offsets(parts["zone"]))


def _in_calendar(values: pl.Series) -> pl.Series:
    """Return days of the years 1 to 9999; Polars knows a year 0, which no calendar here has."""
    years = values.dt.year()
    return values.set(((years < 1) | (years > 9999)).fill_null(False), None)


def _as_written(text: pl.Series, pattern: str) -> pl.Series:
    """Read moments written in exactly one way."""
    values = text.str.to_datetime(pattern, strict=False, time_unit="us")
    return values.set((values.dt.to_string(pattern) != text).fill_null(False), None)


def _offsets(zones: pl.Series) -> pl.Series:
    bare = zones.str.replace(":", "", literal=True).str.replace("Z", "+0000", literal=True)
    minutes = bare.str.slice(1, 2).cast(pl.Int64) * 60 + bare.str.slice(3, 2).cast(pl.Int64)
    signed = minutes.set(bare.str.starts_with("-").fill_null(False), None)
    return pl.select(pl.duration(minutes=pl.coalesce(signed, -minutes), time_unit="us")).to_series()


def _nothing(_text: pl.Series, _values: pl.Series) -> Iterator[Told]:
    return iter(())


def _tell_floats(text: pl.Series, values: pl.Series) -> Iterator[Told]:
    if rounded := _rounded(text, values):
        yield "more digits than 64 bits hold, rounded to the nearest number", rounded


def _rounded(text: pl.Series, values: pl.Series) -> int:
    """Count what cannot come back from 64 bits: long integers, over 17 digits, tiny as zero."""
    zero = text.filter(values == 0)
    tiny = zero.str.contains(r"^[-0.]*[1-9]").sum()
    long = text.filter(text.str.len_bytes() >= 16)
    whole = long.str.contains(r"^-?[0-9]+$")
    integers = long.filter(whole)
    back = integers.cast(pl.Float64).cast(pl.Int128, strict=False).cast(pl.String)
    lost = (back != integers).fill_null(True).sum()
    decimals = long.filter(~whole & (long.str.len_bytes() >= 20))
    digits = decimals.str.replace(r"[eE].*$", "").str.replace_all(r"[^0-9]", "")
    return (
        int(tiny) + int(lost) + int((digits.str.strip_chars_start("0").str.len_bytes() > 17).sum())
    )


def _tell_moments(text: pl.Series, values: pl.Series) -> Iterator[Told]:
    if days := int(text.str.contains(_DAY).sum()):
        yield "dates without a time read as midnight", days
    if text.str.contains(_ZONED).any():
        yield "times with a zone converted to UTC", len(values) - values.null_count()


_NUMERIC = (_Reader(_integers, _nothing), _Reader(_floats, _tell_floats))
_DATED = (_Reader(_dates, _nothing), _Reader(_moments, _tell_moments))
_READERS = (*_NUMERIC, _Reader(_booleans, _nothing), *_DATED)


def _hints(present: pl.Series) -> Iterator[Told]:
    """Tell why a column that looks like numbers stayed text."""
    numbers = present.cast(pl.Float64, strict=False).is_not_null()
    count = int(numbers.sum())
    if count * 2 < len(present):
        if present.str.contains(_DECIMAL_COMMA).all():
            yield "kept as text: numbers with a decimal comma?", len(present)
        return
    rest = present.filter(~numbers)
    words = rest.filter(~rest.str.strip_chars(" \t").str.to_lowercase().is_in(MISSING))
    if len(words):
        yield f"kept as text: not all are numbers, {words.min()!r} is none", len(words)
    else:
        yield "kept as text: numbers with leading zeros, a plus sign or too many digits", count


Blocks = Callable[[], Iterator[pl.Series]]


def decide_blocks(blocks: Blocks) -> tuple[Callable[[pl.Series], pl.Series], list[Told]]:
    """Decide as :func:`decide` does over a column that is read in blocks, as often as it takes.

    Returns how a block becomes the column's kind, and what to tell.
    """
    for reader in _READERS:
        if (told := _told_in_blocks(reader, blocks)) is not None:
            return partial(_as_kind, reader), told
    return lambda text: text, list(_hints_in_blocks(blocks))


def _told_in_blocks(reader: _Reader, blocks: Blocks) -> list[Told] | None:
    """Return what to tell when every block fits the reader and one holds a value."""
    told: Counter[str] = Counter()
    zoned = set()
    some = False
    for block in blocks():
        sample = block.drop_nulls().head(_SAMPLE)
        if _fit(reader, sample, sampled=True) is None:
            return None
        if not len(sample):
            continue
        fitted = _fit(reader, block, sampled=False)
        some |= fitted is not None
        fitted = fitted or _fit(reader, block, sampled=True)
        if fitted is None:
            return None
        if reader.read is _moments and fitted[0].null_count() < len(block):
            zoned.add(bool(block.str.contains(_ZONED).any()))
        for what, count in fitted[1]:
            told[what] += count
    return list(told.items()) if some and len(zoned) < 2 else None


def _as_kind(reader: _Reader, block: pl.Series) -> pl.Series:
    fitted = _fit(reader, block, sampled=True)
    assert fitted is not None, "every block was seen to fit"
    return fitted[0]


def _hints_in_blocks(blocks: Blocks) -> Iterator[Told]:
    """Tell as :func:`_hints` does; of words, the smallest of all blocks."""
    present = numbers = words = 0
    least: str | None = None
    commas = True
    for block in blocks():
        texts = block.drop_nulls()
        present += len(texts)
        fits = texts.cast(pl.Float64, strict=False).is_not_null()
        numbers += int(fits.sum())
        commas = commas and bool(texts.str.contains(_DECIMAL_COMMA).all())
        rest = texts.filter(~fits)
        odd = rest.filter(~rest.str.strip_chars(" \t").str.to_lowercase().is_in(MISSING))
        words += len(odd)
        if len(odd):
            first = str(odd.min())
            least = first if least is None else min(least, first)
    if numbers * 2 < present:
        if commas:
            yield "kept as text: numbers with a decimal comma?", present
    elif words:
        yield f"kept as text: not all are numbers, {least!r} is none", words
    elif present:
        yield "kept as text: numbers with leading zeros, a plus sign or too many digits", numbers
