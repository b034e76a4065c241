"""The body of a request read strictly: one row, rows or columns, no value altered in silence.

A fast reader takes what it can vouch for. All else goes to a strict, slower one, whose error is
the one that is told. Both give the same rows.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, NoReturn

import msgspec

from mlwright.core.errors import DataError
from mlwright.data.records import Scalar
from mlwright.scoring.cast import INTEGERS

Cell = Scalar | None
Row = dict[str, Cell]

MOST_ROWS = 100_000
MOST_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Columns:
    """A request that came column by column; every list has ``height`` cells."""

    cells: dict[str, list[Cell]]
    height: int

    def rows(self) -> list[Row]:
        """Return the same as rows."""
        names = tuple(self.cells)
        return [
            dict(zip(names, cells, strict=True)) for cells in zip(*self.cells.values(), strict=True)
        ]


_Integer = Annotated[int, msgspec.Meta(ge=INTEGERS[0], le=INTEGERS[-1])]
_Cell = _Integer | float | str | bool | None
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    dict[str, _Cell | list[_Cell]] | list[dict[str, _Cell]]
)


def read(body: bytes) -> Row | list[Row] | Columns:
    """Return a body's one row, its rows or its columns.

    An object of plain values is one row, an array of objects rows, an object of arrays columns.

    Raises
    ------
    DataError
        ``request-encoding``, ``request-syntax``, ``request-duplicate``, ``request-number``,
        ``request-text``, ``request-name``, ``request-depth``, ``request-shape``,
        ``request-empty``, ``request-ragged`` or ``request-rows``.

    >>> read(b'{"age": 40, "plan": "pro"}')
    {'age': 40, 'plan': 'pro'}
    >>> read(b'{"age": [40, 41]}').rows()
    [{'age': 40}, {'age': 41}]
    """
    try:
        found = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _settled(_read_strictly(body))
    # One plain row of ASCII without escapes: nothing else could be wrong with it.
    if (
        type(found) is dict
        and b"[" not in body
        and body.count(b":") == len(found)
        and _plainly_named(body)
    ):
        return found
    if not _each_name_once(body, found) or not _plainly_named(body):
        return _settled(_read_strictly(body))
    return _settled(found)


def rows_of(body: bytes) -> list[Row]:
    """Return the rows of a body in whatever form they came: what a replay reads again."""
    found = read(body)
    if isinstance(found, Columns):
        return found.rows()
    return found if isinstance(found, list) else [found]


def _plainly_named(body: bytes) -> bool:
    """Tell whether no name in the body can hold a character nobody sees."""
    return body.isascii() and b"\\" not in body and b"\x7f" not in body


def _each_name_once(body: bytes, found: Any) -> bool:
    """Tell whether the body can hold no name twice: of such the fast reader keeps the last.

    Every member needs a colon of its own. If there are as many as members, besides those inside
    texts, none was lost.
    """
    objects: Sequence[dict[str, Any]] = found if isinstance(found, list) else (found,)
    beyond = body.count(b":") - sum(map(len, objects))
    if beyond == 0:
        return True
    if b"\\u" in body:  # a colon may be written in digits
        return False
    texts = (
        cell
        for each in objects
        for value in each.values()
        for cell in (value if isinstance(value, list) else (value,))
        if isinstance(cell, str)
    )
    return beyond == sum(text.count(":") for text in chain(texts, *objects))


def _read_strictly(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            "request-encoding",
            f"the body is no UTF-8: byte {error.start:,} is 0x{body[error.start]:02x}",
            fix="send JSON in UTF-8",
            facts={"byte": error.start},
        ) from error
    try:
        found = json.loads(
            text,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        what = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise DataError(
            "request-syntax",
            f"the body is no JSON: {what if text.strip() else 'it is empty'}",
            fix='send an object such as {"age": 40}, an array of them, or an object of arrays',
            facts={"line": error.lineno, "column": error.colno},
        ) from error
    except RecursionError:
        raise _too_deep() from None
    _check_forms(found)
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise DataError(
            "request-duplicate",
            f"the name {_shown(twice)} stands more than once in one object",
            fix="give every name once; which of the values is meant nobody can tell",
            facts={"name": twice[:_SHOWN]},
        )
    return members


_DIGITS = 20  # of -2**63


def _integer(text: str) -> int:
    if len(text) <= _DIGITS and (number := int(text)) in INTEGERS:
        return number
    raise _number_refused(text, "more than 64 bits")


def _float(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise _number_refused(text, "beyond the largest number, about 1.8e308")
    return number


def _no_number(text: str) -> NoReturn:
    raise _number_refused(text, "no number in JSON")


def _number_refused(text: str, what: str) -> DataError:
    return DataError(
        "request-number",
        f"{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'} is {what}",
        fix="send a number of at most 64 bits, or null when it is not known",
        facts={"number": text[:_SHOWN]},
    )


def _check_forms(found: Any) -> None:
    """Check what the fast reader's types promise: no nesting, text that can be written."""
    if isinstance(found, list):
        objects: Iterable[Any] = found
    elif isinstance(found, dict):
        objects = (found,)
    else:
        raise _misshapen(f"the body is {_shown(found)}")
    for place, each in enumerate(objects, start=1):
        if not isinstance(each, dict):
            if isinstance(each, list):
                _check_depth(each)
            raise _misshapen(f"element {place:,} of the array is {_shown(each)}")
        for name, value in each.items():
            _check_name(name)
            cells = value if isinstance(value, list) and found is each else (value,)
            where = f" of row {place:,}" if found is not each else ""
            for cell in cells:
                _check_cell(name, cell, where)


def _check_cell(name: str, cell: Any, where: str) -> None:
    if isinstance(cell, dict | list):
        _check_depth(cell)
        raise _misshapen(f"{_shown(name)}{where} holds {_shown(cell)}")
    if isinstance(cell, str) and _LONE.search(cell):
        raise _no_text(f"the text of {_shown(name)}{where}")


_LONE = re.compile("[\ud800-\udfff]")
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


_NAMES_KEPT = 4096
_LONGEST_KEPT = 256  # characters: what is kept of strangers has to have an end


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_KEPT:
        _look_at_name(name)
    else:
        _check_short_name(name)


@lru_cache(maxsize=_NAMES_KEPT)
def _check_short_name(name: str) -> None:
    _look_at_name(name)


def _look_at_name(name: str) -> None:
    if _LONE.search(name):
        raise _no_text("a name")
    for character in name:
        if is_unseen(character):
            raise DataError(
                "request-name",
                f"the name {_shown(name)} has the character U+{ord(character):04X}, "
                "which nobody can see",
                fix="send the column's name as the model's table had it",
                facts={"name": ascii(name)[:_SHOWN]},
            )


def is_unseen(character: str) -> bool:
    """Tell whether nobody can see a character: it controls, formats or ends a line."""
    return unicodedata.category(character) in _UNSEEN


def _no_text(where: str) -> DataError:
    return DataError(
        "request-text",
        f"{where} has half of a pair of surrogates, which is no character",
        fix="send whole characters: both halves, or the character itself in UTF-8",
    )


def _check_depth(value: Any) -> None:
    """Refuse nesting beyond the limit; ``value`` lies one level down."""
    level = [value]
    for _ in range(MOST_DEPTH - 1):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> DataError:
    return DataError(
        "request-depth",
        f"the body is nested deeper than {MOST_DEPTH} levels",
        fix='send an object such as {"age": 40}, an array of them, or an object of arrays',
        facts={"limit": MOST_DEPTH},
    )


def _misshapen(what: str) -> DataError:
    return DataError(
        "request-shape",
        f"{what}: neither a row nor rows nor columns",
        fix='send an object such as {"age": 40}, an array of them, or an object of arrays such as '
        '{"age": [40, 41]}',
    )


def _settled(found: Any) -> Row | list[Row] | Columns:
    """Return rows or columns of which there are some, and not too many."""
    if isinstance(found, list):
        _check_count(len(found))
        return found
    kinds = set(map(type, found.values()))
    if list not in kinds:
        return found  # type: ignore[no-any-return]
    if kinds != {list}:
        name = next(name for name, value in found.items() if not isinstance(value, list))
        raise _misshapen(f"{_shown(name)} holds one value where other names hold arrays")
    heights = {name: len(cells) for name, cells in found.items()}
    height = next(iter(heights.values()))
    if len(set(heights.values())) > 1:
        name = next(name for name, each in heights.items() if each != height)
        raise DataError(
            "request-ragged",
            f"{_shown(name)} has {heights[name]:,} values where {_shown(next(iter(heights)))} "
            f"has {height:,}",
            fix="give every column the same number of values; one that is not known is null",
            facts={"column": name[:_SHOWN], "values": heights[name], "expected": height},
        )
    _check_count(height)
    return Columns(found, height)


def _check_count(rows: int) -> None:
    if rows == 0:
        raise DataError("request-empty", "the body holds no row", fix="send at least one row")
    if rows > MOST_ROWS:
        raise DataError(
            "request-rows",
            f"the body holds {rows:,} rows, more than {MOST_ROWS:,}",
            fix="send them in several requests, or score a file: mlw predict",
            facts={"rows": rows, "limit": MOST_ROWS},
        )


_SHOWN = 60


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = ascii(value) if isinstance(value, str) and _LONE.search(value) else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
