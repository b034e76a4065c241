"""A reader of JSON that shares nothing with ours: what a body says, or that it may say nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from math import isinf
from typing import Any, NoReturn

Row = dict[str, Any]

_TOKEN = re.compile(
    r"(?P<number>-?(?:0|[1-9][0-9]*)(?P<beyond>\.[0-9]+)?(?P<power>[eE][+-]?[0-9]+)?)"
    r'|"(?P<text>(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"'
    r"|(?P<word>true|false|null)|(?P<mark>[\[\]{}:,])"
)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_DEEPEST = 32


class NoRowsError(Exception):
    """The body may not be answered."""


def rows_in(body: bytes) -> list[Row]:
    """Return the rows of a body: of an object of values, of objects, or of arrays."""
    try:
        tokens = _tokens(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NoRowsError from error
    found = _value(next(tokens), tokens, 1)
    if next(tokens) != ("end", None):
        _refuse()
    if isinstance(found, dict) and any(isinstance(cells, list) for cells in found.values()):
        return _of_columns(found)
    rows = found if isinstance(found, list) else [found]
    if not rows:
        _refuse()
    for row in rows:
        if not isinstance(row, dict) or any(isinstance(v, dict | list) for v in row.values()):
            _refuse()
    return rows


def _of_columns(columns: dict[str, Any]) -> list[Row]:
    if not all(isinstance(cells, list) for cells in columns.values()):
        _refuse()
    heights = {len(cells) for cells in columns.values()}
    cells = [cell for column in columns.values() for cell in column]
    if len(heights) != 1 or heights == {0} or any(isinstance(c, dict | list) for c in cells):
        _refuse()
    return [{n: column[at] for n, column in columns.items()} for at in range(heights.pop())]


def _tokens(text: str) -> Iterator[tuple[str, Any]]:
    place = 0
    while True:
        while place < len(text) and text[place] in " \t\n\r":
            place += 1
        if place == len(text):
            yield "end", None
        match = _TOKEN.match(text, place)
        if match is None:
            _refuse()
        place = match.end()
        if match["mark"]:
            yield match["mark"], None
        elif match["word"]:
            yield "value", _WORDS[match["word"]]
        elif match["number"]:
            yield "value", _number(match)
        else:
            yield "text", _unescaped(match["text"])


def _number(match: re.Match[str]) -> int | float:
    if match["beyond"] or match["power"]:
        number = float(match["number"])
        if isinf(number):
            _refuse()
        return number
    if len(match["number"]) > 20 or not -(2**63) <= int(match["number"]) < 2**63:
        _refuse()
    return int(match["number"])


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _ESCAPED.get(match[2], match[2])

    try:
        return _ESCAPE.sub(character, text).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise NoRowsError from error


def _value(token: tuple[str, Any], tokens: Iterator[tuple[str, Any]], depth: int) -> Any:
    kind, value = token
    if kind in ("value", "text"):
        return value
    if depth > _DEEPEST or kind not in "[{":
        _refuse()
    return _array(tokens, depth) if kind == "[" else _object(tokens, depth)


def _array(tokens: Iterator[tuple[str, Any]], depth: int) -> list[Any]:
    found: list[Any] = []
    token = next(tokens)
    while token[0] != "]":
        if found:
            _expect(token, ",")
            token = next(tokens)
        found.append(_value(token, tokens, depth + 1))
        token = next(tokens)
    return found


def _object(tokens: Iterator[tuple[str, Any]], depth: int) -> Row:
    found: Row = {}
    token = next(tokens)
    while token[0] != "}":
        if found:
            _expect(token, ",")
            token = next(tokens)
        _expect(token, "text")
        name = token[1]
        if name in found or any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in name):
            _refuse()
        _expect(next(tokens), ":")
        found[name] = _value(next(tokens), tokens, depth + 1)
        token = next(tokens)
    return found


def _expect(token: tuple[str, Any], kind: str) -> None:
    if token[0] != kind:
        _refuse()


def _refuse() -> NoReturn:
    raise NoRowsError
