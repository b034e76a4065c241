"""JSON lines: one object a line, its names the columns; types are as JSON has them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from typing import cast

import msgspec
import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.raw import Readable
from mlwright.data.sources.text import utf8_blocks
from mlwright.data.sources.values import ValueColumn

FORMAT = "json lines"

_BATCH = 65_536
_MAX_LINE = 64 << 20
_decode = msgspec.json.Decoder(dict[str, object]).decode
# A space before a colon hides a repeated name from counting.
_HIDING = (b" :", b"\t:", b"\r:")

Row = dict[str, object]


class Gathered:
    """Columns of JSON values from one file or several; a name that is missing is a null."""

    def __init__(self, settings: DataSettings, texts: Collection[str] = ()) -> None:
        self.encoding: str | None = None
        self._settings = settings
        self._texts = texts
        self._columns: dict[str, ValueColumn] = {}
        self._rows = 0
        self._blank = 0
        self._absent = 0

    def add(self, source: Readable) -> None:
        """Take the objects of a file.

        Raises
        ------
        DataError
            ``data-empty``; ``json-line`` with the line that is no object, ``json-name-twice``.
        """
        self.encoding, blocks = utf8_blocks(source, self._settings.encoding)
        batch: list[Row] = []
        before = self._rows
        for line, text in _lines(blocks):
            if text.isspace() or not text:
                self._blank += 1
                continue
            batch.append(_row(text, line))
            if len(batch) == _BATCH:
                self._take(batch)
                batch = []
        self._take(batch)
        if self._rows == before:
            raise DataError(
                "data-empty",
                f"{source.name} is empty",
                fix="give a table with one object a line, at least two",
                facts={"path": source.name},
            )

    def _take(self, batch: list[Row]) -> None:
        for name in dict.fromkeys(name for row in batch for name in row):
            if name not in self._columns:
                column = ValueColumn(name, text=name in self._texts)
                column.add([None] * self._rows)
                self._columns[name] = column
                self._absent += self._rows
                if len(self._columns) > self._settings.max_columns:
                    settle_names(list(self._columns), self._settings.max_columns)
        for name, column in self._columns.items():
            column.add([row.get(name) for row in batch])
        self._absent += len(batch) * len(self._columns) - sum(map(len, batch))
        self._rows += len(batch)

    def finish(self) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
        """Decide every column's type and return the table."""
        settled, readings = settle_names(list(self._columns), self._settings.max_columns)
        if self._blank:
            readings.append(Reading("", "blank lines left out", self._blank))
        if self._absent:
            readings.append(Reading("", "names missing from a line read as missing", self._absent))
        finished = []
        for name, column in zip(settled, self._columns.values(), strict=True):
            column.name = name
            values, told = column.finish()
            finished.append(values)
            readings.extend(told)
        return pl.DataFrame(finished), tuple(readings)


def _lines(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    number, rest = 1, b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield number, line
            number += 1
        if len(rest) > _MAX_LINE:
            raise _no_object(number, rest, f"longer than {_MAX_LINE:,} bytes")
    if rest:
        yield number, rest


def _row(text: bytes, line: int) -> Row:
    """Return one object: by the quick decoder where it cannot lose anything."""
    try:
        row = _decode(text)
        # Each name stands before a colon: as many colons as names, and no name stands twice.
        if text.count(b'":') == len(row) and not any(each in text for each in _HIDING):
            return row
    except msgspec.DecodeError:
        row = {}
    return _slow_row(text, line)


def _slow_row(text: bytes, line: int) -> Row:
    try:
        found = json.loads(text, object_pairs_hook=_Pairs, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise _no_object(line, text, str(error)) from None
    if not isinstance(found, _Pairs):
        raise _no_object(line, text, f"a {type(found).__name__}, not an object")
    row = dict(cast("list[tuple[str, object]]", found))
    if len(row) < len(found):
        names = [name for name, _ in found]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            "json-name-twice",
            f"line {line:,} names {twice!r} twice",
            fix="give every value a name of its own",
            facts={"line": line, "column": twice},
        )
    return row


def _number(text: str) -> float:
    """Return a number as written, NaN and Infinity too, but none that only becomes infinite."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is beyond 64 bits")
    return value


class _Pairs(list[tuple[str, object]]):
    """The names and values of an object as they stand, repeated names too."""


def _no_object(line: int, text: bytes, why: str) -> DataError:
    array = text.lstrip().startswith(b"[")
    return DataError(
        "json-line",
        f"line {line:,} is no JSON object: {why}: {text[:40].decode('utf-8', 'replace')!r}",
        fix="write one object a line, without the brackets of a list: jq -c '.[]' FILE"
        if array
        else 'write one object a line, such as {"age": 40, "plan": "pro"}',
        facts={"line": line},
    )
