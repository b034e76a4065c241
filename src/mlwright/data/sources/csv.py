"""CSV text: commas, semicolons, tabs or bars; quotes as in RFC 4180; any line ends."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import same_names, settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.kinds import TextColumn
from mlwright.data.sources.raw import RawTable, Readable
from mlwright.data.sources.steady import steady
from mlwright.data.sources.structure import (
    MAX_CELL,
    Records,
    header_end,
    newlines,
    open_quote,
    records,
)
from mlwright.data.sources.text import utf8_blocks

FORMAT = "csv"

_SEPARATORS = ",;\t|"
_MAX_HEADER = 8 << 20
_SAMPLE = 1 << 16


def read(path: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read a CSV file; each column's kind is decided over all of its values.

    Columns named in ``texts`` stay text.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file, with the line where there is one.
    """
    gathered = Gathered(settings, texts)
    with steady(path) as source:
        gathered.add(source)
        source.drain()
    frame, readings = gathered.finish()
    return RawTable(frame, readings, FORMAT, gathered.encoding, source.digest(), source.size)


class Gathered:
    """Columns of text from one file or several, each of one kind in the end.

    Parameters
    ----------
    texts
        Columns that stay text whatever they hold.
    tabs
        The file's name says that its cells are separated by tabs.
    """

    def __init__(
        self, settings: DataSettings, texts: Collection[str] = (), *, tabs: bool = False
    ) -> None:
        self.encoding: str | None = settings.encoding
        self._settings = settings
        self._texts = texts
        self._tabs = tabs
        self._columns: dict[str, TextColumn] = {}
        self._told: Counter[tuple[str, str]] = Counter()

    def add(self, source: Readable) -> None:
        """Take the records of a file.

        Raises
        ------
        DataError
            Whatever is wrong with the text; ``schema-differs`` for other columns than before.
        """
        table = text_batches(source, self._settings, tabs=self._tabs)
        self.encoding = table.encoding
        if not self._columns:
            self._columns = {n: TextColumn(n, text=n in self._texts) for n in table.names}
        same_names(list(self._columns), table.names)
        for frame in table.batches:
            for name in table.names:
                self._columns[name].add(frame[name])
        for reading in table.readings:
            self._told[reading.column, reading.what] += reading.count

    def finish(self) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
        """Decide every column's kind and return the table."""
        readings = [Reading(*about, count) for about, count in self._told.items()]
        finished = []
        for column in self._columns.values():
            values, told = column.finish()
            finished.append(values)
            readings.extend(told)
        return pl.DataFrame(finished), tuple(readings)


@dataclass(slots=True)
class TextBatches:
    """A file's columns and its records in batches of text, read as they are asked for.

    ``readings`` is complete once the last batch was given.
    """

    names: list[str]
    encoding: str
    batches: Iterator[pl.DataFrame]
    readings: list[Reading]


def text_batches(source: Readable, settings: DataSettings, *, tabs: bool = False) -> TextBatches:
    """Return a file's records as frames of text: None where nothing stood.

    Raises
    ------
    DataError
        Whatever is wrong with the header; while batches are taken, whatever is wrong with them.
    """
    encoding, text = utf8_blocks(source, settings.encoding)
    header, skipped, blocks = _header(text, source.name)
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    separator = settings.separator or ("\t" if tabs else _likely_separator(header, first))
    names, readings = settle_names(_cells(header, separator), settings.max_columns)
    if settings.encoding is None and encoding != "utf-8":
        readings.append(Reading("", f"text in {encoding}, as its first bytes say", 1))
    if separator != ",":
        readings.append(Reading("", f"cells separated by {separator!r}", 1))
    line = header.count(b"\n") + skipped + 1

    def batches() -> Iterator[pl.DataFrame]:
        blank = skipped
        for block in records(blocks, separator, len(names), line, keep_blank=len(names) == 1):
            blank += block.blank
            yield _parsed(block, separator, names)
        if blank:
            readings.append(Reading("", "blank lines left out", blank))

    return TextBatches(names, encoding, batches(), readings)


def _header(blocks: Iterator[bytes], name: str) -> tuple[bytes, int, Iterator[bytes]]:
    """Return the header's text, the number of blank lines before it, and the text after it."""
    text = b""
    skipped = 0
    for block in blocks:
        text = newlines(text + block)
        bare = text.lstrip(b"\n")
        skipped += len(text) - len(bare)
        text = bare
        end = header_end(text)
        # A carriage return at the end may be half of a line end: decide with the next block.
        if end is not None and end < len(text):
            return text[:end], skipped, chain([text[end:]], blocks)
        if len(text) > _MAX_HEADER:
            raise _no_header(text, f"it is longer than {_MAX_HEADER:,} bytes")
    if not text.strip():
        raise DataError(
            "data-empty",
            f"{name} is empty",
            fix="give a table with a header and at least two rows",
            facts={"path": name},
        )
    end = header_end(text + b"\n")
    if end is None:
        raise open_quote(text, skipped + 1, text.rfind(b'"'))
    return (text + b"\n")[:end], skipped, iter(())


def _likely_separator(header: bytes, text: bytes) -> str:
    """Return the separator the header holds most often outside quotes; a comma where none.

    Where it holds several, one that cuts the first records into as many cells as the header goes
    before one that does not: names and texts hold commas too.
    """
    bare = re.sub(rb'"[^"]*"', b"", header)
    counts = {each: bare.count(each.encode()) for each in _SEPARATORS}
    held = sorted(filter(counts.get, _SEPARATORS), key=lambda each: -counts[each])
    if len(held) > 1:
        return next((each for each in held if _cuts(header, text, each)), held[0])
    return held[0] if held else ","


def _cuts(header: bytes, text: bytes, separator: str) -> bool:
    whole = newlines(text[:_SAMPLE].rpartition(b"\n")[0])
    lines = io.StringIO((header + whole).decode("utf-8", "replace"), newline="")
    widths = {len(cells) for cells in csv.reader(lines, delimiter=separator) if cells}
    return len(widths) == 1


def _cells(header: bytes, separator: str) -> list[str]:
    text = io.StringIO(header.decode(), newline="")
    limit = csv.field_size_limit(MAX_CELL)
    try:
        return next(csv.reader(text, delimiter=separator, strict=True))
    except (csv.Error, StopIteration) as error:
        raise _no_header(header, str(error)) from None
    finally:
        csv.field_size_limit(limit)


def _no_header(text: bytes, why: str) -> DataError:
    return DataError(
        "csv-header",
        f"the header cannot be read: {why}",
        fix="put names that hold a quote or the separator in quotes, quotes inside twice",
        facts={"header": text[:200].decode("utf-8", "replace")},
    )


def _parsed(block: Records, separator: str, names: Sequence[str]) -> pl.DataFrame:
    """Return the cells as text: None where nothing stood, "" where empty quotes stood."""
    frame = pl.read_csv(
        block.content,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=separator,
        quote_char='"' if b'"' in block.content else None,
        infer_schema=False,
        extra_columns="raise",
        glob=False,
    )
    if frame.height != block.count:
        raise AssertionError(f"{block.count} records were read as {frame.height}")
    return frame
