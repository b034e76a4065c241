"""Where the records of CSV text begin and end, found before anything else believes in them.

The text follows RFC 4180: a quote opens a cell only at its start, is doubled inside, and closes
the cell at its end. Every record has as many cells as the header. What breaks a rule is refused
with its line, so that no parser has to guess and no short line is filled up silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlwright.core.errors import DataError

MAX_CELL = 1 << 20
_MAX_RECORD = 64 << 20
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13

_Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Records:
    """Whole records as UTF-8 text: each ends in one newline, none is blank."""

    content: bytes
    count: int
    blank: int


def header_end(text: bytes) -> int | None:
    """Return the place after the first record, or None when it does not end in ``text``."""
    end = -1
    quotes = 0
    while True:
        start, end = end + 1, text.find(b"\n", end + 1)
        if end < 0:
            return None
        quotes += text.count(b'"', start, end)
        if quotes % 2 == 0:
            return end + 1


def newlines(text: bytes) -> bytes:
    r"""Return the text with every line end outside quotes written ``\n``.

    >>> newlines(b'a,"b\r\nc"\r\n1,2\r')
    b'a,"b\r\nc"\n1,2\n'
    """
    if b"\r" not in text:
        return text
    if b'"' not in text:
        return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    letters = np.frombuffer(text, np.uint8)
    returns = _outside(letters, letters == _RETURN)
    changed = letters.copy()
    changed[returns] = _NEWLINE
    following = np.minimum(returns + 1, len(letters) - 1)
    doubled = returns[(letters[following] == _NEWLINE) & (following > returns)]
    return np.delete(changed, doubled).tobytes()


def records(
    blocks: Iterator[bytes], separator: str, width: int, line: int, keep_blank: bool
) -> Iterator[Records]:
    """Cut text after the header into whole records.

    Parameters
    ----------
    width
        The number of cells each record must have.
    line
        The number of the first line, for errors.
    keep_blank
        Whether a blank line is a record (of one empty cell) or nothing.

    Raises
    ------
    DataError
        ``csv-ragged``, ``csv-quote``, ``csv-quote-open``, ``csv-cell-too-large``, with the line.
    """
    rest = b""
    for block, last in _ahead(blocks):
        text = rest + block
        # What follows a final carriage return decides what it is.
        held = b"\r" if text.endswith(b"\r") and not last else b""
        text = newlines(text.removesuffix(held) if held else text)
        if last and text and not text.endswith(b"\n"):
            text += b"\n"
        found, end = _cut(text, ord(separator), width, line, keep_blank, last)
        if found is not None:
            yield found
        line += text.count(b"\n", 0, end)
        rest = text[end:] + held
        if len(rest) > _MAX_RECORD:
            raise _too_large(line, len(rest))


def _ahead(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Give each block and whether it is the last."""
    held = next(blocks, b"")
    for block in blocks:
        yield held, False
        held = block
    yield held, True


def _cut(
    text: bytes, separator: int, width: int, line: int, keep_blank: bool, last: bool
) -> tuple[Records | None, int]:
    letters = np.frombuffer(text, np.uint8)
    marks = (letters == separator) | (letters == _NEWLINE)
    if b'"' in text:
        _check_quotes(text, letters, separator, line, last)
        places = _outside(letters, marks)
    else:
        places = np.flatnonzero(marks)
    ends = np.flatnonzero(letters[places] == _NEWLINE)
    if not len(ends):
        return None, 0
    places = places[: ends[-1] + 1]
    after = places[ends] + 1
    blank = np.diff(after, prepend=0) == 1
    cells = np.diff(ends, prepend=-1)
    ragged = (cells != width) & ~blank
    if ragged.any():
        at = int(np.argmax(ragged))
        raise _ragged(text, line, int(after[at - 1]) if at else 0, int(cells[at]), width)
    sizes = np.diff(places, prepend=-1)
    if sizes.max() > MAX_CELL:
        at = int(np.argmax(sizes))
        raise _too_large(
            line + text.count(b"\n", 0, int(places[at - 1]) + 1 if at else 0), sizes[at]
        )
    end = int(after[-1])
    dropped = 0 if keep_blank else int(blank.sum())
    content = text[:end]
    if dropped:
        content = np.delete(letters[:end], after[blank] - 1).tobytes()
    return Records(content, len(ends) - dropped, dropped), end


def _outside(letters: npt.NDArray[np.uint8], marks: npt.NDArray[np.bool_]) -> _Places:
    """Return the places of the marks that are not inside quotes."""
    places = np.flatnonzero(marks | (letters == _QUOTE))
    quotes = letters[places] == _QUOTE
    inside = np.cumsum(quotes, dtype=np.uint32) & 1
    found: _Places = places[(inside == 0) & ~quotes]
    return found


def _check_quotes(
    text: bytes, letters: npt.NDArray[np.uint8], separator: int, line: int, last: bool
) -> None:
    places = np.flatnonzero(letters == _QUOTE)
    opening, closing = places[0::2], places[1::2]
    before = letters[np.maximum(opening - 1, 0)]
    after = letters[np.minimum(closing + 1, len(letters) - 1)]
    # A quote beside a quote is a doubled one: it closes and opens again.
    opens = (opening == 0) | (before == separator) | (before == _NEWLINE)
    opens[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    closes = (closing == len(letters) - 1) | (after == separator) | (after == _NEWLINE)
    closes[: len(opening) - 1] |= closing[: len(opening) - 1] + 1 == opening[1:]
    wrong = np.concatenate((opening[~opens], closing[~closes]))
    if len(wrong):
        raise _stray(text, line, int(wrong.min()))
    if last and len(places) % 2:
        raise open_quote(text, line, int(places[-1]))


def open_quote(text: bytes, line: int, place: int) -> DataError:
    """Return the error for a quote that nothing closes."""
    number = line + text.count(b"\n", 0, place)
    return DataError(
        "csv-quote-open",
        f"line {number:,} opens a quote that no quote closes: {_excerpt(text, place)!r}",
        fix="close the quote, or write a quote that belongs to the text twice",
        facts={"line": number},
    )


def _stray(text: bytes, line: int, place: int) -> DataError:
    number = line + text.count(b"\n", 0, place)
    return DataError(
        "csv-quote",
        f"line {number:,} has a quote inside a cell: {_excerpt(text, place)!r}",
        fix='put such a cell in quotes and write its own quotes twice: "5"" pipe"',
        facts={"line": number},
    )


def _ragged(text: bytes, line: int, start: int, cells: int, width: int) -> DataError:
    number = line + text.count(b"\n", 0, start)
    return DataError(
        "csv-ragged",
        f"line {number:,} has {cells:,} cells where the header has {width:,}: "
        f"{_excerpt(text, start)!r}",
        fix="complete or remove that line; a cell that holds the separator needs quotes",
        facts={"line": number, "cells": cells, "expected": width},
    )


def _too_large(line: int, size: int) -> DataError:
    return DataError(
        "csv-cell-too-large",
        f"line {line:,} has a cell of {size:,} bytes, more than {MAX_CELL:,}: a quote left open?",
        fix="close the quote, or keep such long text outside the table",
        facts={"line": line, "size": size, "limit": MAX_CELL},
    )


def _excerpt(text: bytes, place: int) -> str:
    start = max(text.rfind(b"\n", 0, place) + 1, place - 30)
    return text[start : place + 30].split(b"\n")[0].decode("utf-8", "replace")
