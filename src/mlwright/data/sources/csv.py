"""CSV text: commas, semicolons, tabs or bars; quotes as in RFC 4180; any line ends."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path

import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.kinds import TextColumn
from mlwright.data.sources.raw import RawTable
from mlwright.data.sources.steady import SteadyFile, steady
from mlwright.data.sources.structure import (
    MAX_CELL,
    Records,
    header_end,
    newlines,
    open_quote,
    records,
)
from mlwright.data.sources.text import utf8_blocks

_SEPARATORS = ",;\t|"
_MAX_HEADER = 8 << 20


def read(path: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read a CSV file; each column's kind is decided over all of its values.

    Columns named in ``texts`` stay text.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file, with the line where there is one.
    """
    with steady(path) as source:
        frame, readings = _read(source, settings, texts)
        for _ in iter(lambda: source.read(1 << 20), b""):
            pass
    return RawTable(frame, readings, "csv", settings.encoding, source.digest(), source.size)


def _read(
    source: SteadyFile, settings: DataSettings, texts: Collection[str]
) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
    header, skipped, blocks = _header(utf8_blocks(source, settings.encoding), source.path)
    separator = settings.separator or _likely_separator(header)
    names, readings = settle_names(_cells(header, separator), settings.max_columns)
    columns = [TextColumn(name, text=name in texts) for name in names]
    line = header.count(b"\n") + skipped + 1
    blank = skipped
    for block in records(blocks, separator, len(names), line, keep_blank=len(names) == 1):
        blank += block.blank
        frame = _parsed(block, separator, len(names))
        for column, values in zip(columns, frame, strict=True):
            column.add(values)
    if blank:
        readings.append(Reading("", "blank lines left out", blank))
    if separator != ",":
        readings.append(Reading("", f"cells separated by {separator!r}", 1))
    finished = []
    for column in columns:
        values, told = column.finish()
        finished.append(values)
        readings.extend(told)
    return pl.DataFrame(finished), tuple(readings)


def _header(blocks: Iterator[bytes], path: Path) -> tuple[bytes, int, Iterator[bytes]]:
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
            f"{path} is empty",
            fix="give a CSV or Parquet file with a header and at least two rows",
            facts={"path": str(path)},
        )
    end = header_end(text + b"\n")
    if end is None:
        raise open_quote(text, skipped + 1, text.rfind(b'"'))
    return (text + b"\n")[:end], skipped, iter(())


def _likely_separator(header: bytes) -> str:
    """Return the separator the header holds most often outside quotes; a comma where none."""
    bare = re.sub(rb'"[^"]*"', b"", header)
    return max(_SEPARATORS, key=lambda each: bare.count(each.encode()))


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


def _parsed(block: Records, separator: str, width: int) -> pl.DataFrame:
    """Return the cells as text: None where nothing stood, "" where empty quotes stood."""
    frame = pl.read_csv(
        block.content,
        has_header=False,
        schema={str(place): pl.String for place in range(width)},
        separator=separator,
        quote_char='"' if b'"' in block.content else None,
        infer_schema=False,
        extra_columns="raise",
        glob=False,
    )
    if frame.height != block.count:
        raise AssertionError(f"{block.count} records were read as {frame.height}")
    return frame
