"""Damaged text: bytes read in a wrong encoding, control and other characters nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.column import Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, shown, where

_SUSPECT = r"[^\x20-\x7e]"
_LOST = "\ufffd"
_TWICE = "ÃÂâÄÅÐÑ"


def _find(column: Column) -> Iterator[Marks]:
    if column.kind is Kind.STRING and not column.is_tidy:
        yield from _in_column(column)


def _in_column(column: Column) -> Iterator[Marks]:
    words = column.words.table["text"]
    texts = words.filter(words.str.contains(_SUSPECT)).unique()
    reasons = {text: why for text in texts if (why := damage(text)) is not None}
    if not reasons:
        return
    places = where(column.cells(pl.Series(list(reasons), dtype=pl.String)))
    cells = column.series.gather(places)
    yield Marks(
        column.name,
        "text that was damaged on the way: a wrong encoding, or characters nobody sees",
        places,
        [reasons[text] for text in cells],
        [shown(text) for text in cells],
        [mended(text) for text in cells],
    )


def mended(text: str) -> str | None:
    """Return a damaged text as it was before, None where that cannot be told.

    >>> mended("ZÃ¼rich"), mended("Z\u200burich"), mended("Z\ufffdrich")
    ('Zürich', 'Zurich', None)
    """
    if _LOST in text:
        return None
    if any(map(_is_unseen, text)):
        return "".join(c for c in text if not _is_unseen(c)) or None
    return _as_utf8(text)


def damage(text: str) -> str | None:
    """Return what is wrong with a text, None when nothing is.

    >>> damage("ZÃ¼rich")
    "bytes of UTF-8 read as Windows-1252: 'Zürich'?"
    >>> damage("Zürich") is None
    True
    """
    if _LOST in text:
        return "holds U+FFFD: a character was lost when the text was decoded"
    unseen = [c for c in text if _is_unseen(c)]
    if unseen:
        return f"holds U+{ord(unseen[0]):04X}, which nobody sees"
    meant = _as_utf8(text)
    return None if meant is None else f"bytes of UTF-8 read as Windows-1252: {shown(meant)}?"


def _as_utf8(text: str) -> str | None:
    """Return what the bytes of a text say as UTF-8, where they were read as something else."""
    if any(c in _TWICE for c in text):
        for wrong in ("cp1252", "latin-1"):
            try:
                return text.encode(wrong).decode("utf-8")
            except UnicodeError:
                continue
    return None


def _is_unseen(character: str) -> bool:
    code = ord(character)
    control = (code < 0x20 and character not in "\t\n\r") or 0x7F <= code <= 0x9F
    return control or character in _INVISIBLE


_INVISIBLE = frozenset(
    "\u200b\u200e\u200f\u2060\ufeff"
    + "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
)

RULE = Rule(
    "encoding",
    "Text read in a wrong encoding (`ZÃ¼rich`), a lost character, or control, bidirectional and "
    "zero-width characters that nobody sees.",
    each=_find,
)
