"""`parse COLUMN as KIND from 'FORMAT'`: text read as numbers, truth values, days or times.

A row reads a text with Python, a table with Polars: both first hold it against one pattern of
plain digits, so that nothing is left to either library's taste.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from mlwright.data.records import Kind
from mlwright.data.repair.blanks import BLANKS
from mlwright.data.repair.kinds import INTEGERS, require_kind
from mlwright.data.repair.reader import Reader, written_name
from mlwright.data.repair.step import Step, Value

if TYPE_CHECKING:
    import polars as pl

SYNTAX = "parse COLUMN as KIND from 'FORMAT' or 'FORMAT'"
ABOUT = (
    "Reads text: numbers with commas between thousands or a currency sign too; days and times in "
    "the given formats, of YYYY, MM, DD, hh, mm and ss, or as ISO 8601 writes them. What cannot "
    "be read becomes missing."
)

_KINDS = (Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME)
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_CURRENCY = "$€£¥"
_GROUPED = r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+"
_DIGITS = r"[+-]?[0-9]{1,400}"
_INTEGER = rf"^(?:{_DIGITS}|{_GROUPED})$"
_FLOAT = (
    rf"^(?:(?:{_DIGITS}|{_GROUPED})(?:\.[0-9]{{0,400}})?|[+-]?\.[0-9]{{1,400}})"
    r"(?:[eE][+-]?[0-9]{1,4})?$"
)
_PARTS = {"YYYY": "year", "MM": "month", "DD": "day", "hh": "hour", "mm": "minute", "ss": "second"}
_NEEDED = ("YYYY", "MM", "DD")
_ISO_DAY = ("YYYY-MM-DD",)
_ISO_TIME = (
    "YYYY-MM-DDThh:mm:ss",
    "YYYY-MM-DD hh:mm:ss",
    "YYYY-MM-DDThh:mm",
    "YYYY-MM-DD hh:mm",
    "YYYY-MM-DD",
)
_WIDTH = {"YYYY": 4}


def read(reader: Reader) -> Step:
    """Read what follows the verb."""
    column = reader.name()
    reader.word("as")
    at = reader.peek()
    kind = reader.kind()
    if kind not in _KINDS:
        reader.fail(f"text is text already; parse it as {', '.join(k.value for k in _KINDS)}", at)
    formats = []
    at = reader.peek()
    if reader.take_word("from"):
        if kind not in (Kind.DATE, Kind.DATETIME):
            reader.fail("only days and times are written in formats", at)
        formats.append(_format(reader, kind))
        while reader.take_word("or"):
            formats.append(_format(reader, kind))
    return Step("parse", column, kind=kind, formats=tuple(formats))


def _format(reader: Reader, kind: Kind) -> str:
    at = reader.peek()
    written = reader.text_value("a format such as 'DD/MM/YYYY'")
    allowed = _NEEDED if kind is Kind.DATE else tuple(_PARTS)
    found = re.findall("|".join(_PARTS), written)
    if any(part not in found for part in _NEEDED) or len(found) != len(set(found)):
        reader.fail("a format has YYYY, MM and DD, each once", at)
    if any(part not in allowed for part in found):
        reader.fail(f"a {kind.value} has no {', no '.join(set(found) - set(allowed))}", at)
    if re.search(r"[^\W_]", re.sub("|".join(_PARTS), "", written).replace("T", "")):
        reader.fail(f"between {', '.join(allowed)} stand signs and spaces, no other letters", at)
    return written


def write(step: Step) -> str:
    """Return the step as it is read back."""
    from mlwright.checks.tokens import quoted

    assert step.kind is not None, "parse is read with its kind"
    formats = f" from {' or '.join(map(quoted, step.formats))}" if step.formats else ""
    return f"parse {written_name(str(step.column))} as {step.kind.value}{formats}"


def becomes(step: Step, kind: Kind) -> Kind:
    """Return the kind of the cells it leaves; a column that was read so already is left alone."""
    assert step.kind is not None, "parse is read with its kind"
    among = (Kind.STRING, step.kind)
    fix = f"it is no text: cast {written_name(str(step.column))} to {step.kind.value}"
    require_kind(str(step.column), kind, among, "parse", fix)
    return step.kind


def fit(step: Step, known: pl.Series) -> Step:  # noqa: ARG001 - the shape of a verb
    """Learn nothing."""
    return step


def cell(step: Step, kind: Kind) -> Callable[[Value], Value]:
    """Return the function of one cell."""
    if kind is step.kind:
        return lambda value: value
    made = _reader_of(step)
    return lambda value: made(value.strip(BLANKS)) if isinstance(value, str) else None


def _reader_of(step: Step) -> Callable[[str], Value]:
    assert step.kind is not None, "parse is read with its kind"
    if step.kind in (Kind.DATE, Kind.DATETIME):
        patterns = [(re.compile(pattern, re.ASCII), parts) for pattern, parts in _patterns(step)]
        return lambda text: _moment(text, patterns, of_day=step.kind is Kind.DATE)
    return _READERS[step.kind]


def expression(step: Step, kind: Kind, cells: pl.Expr) -> pl.Expr:
    """Return the expression of all cells."""
    if kind is step.kind:
        return cells
    import polars as pl

    bare = cells.str.strip_chars(BLANKS)
    if step.kind is Kind.BOOLEAN:
        low = bare.str.to_lowercase()
        yes, no = low.is_in(list(_TRUE)), low.is_in(list(_FALSE))
        return pl.when(yes).then(pl.lit(value=True)).when(no).then(pl.lit(value=False))
    if step.kind in (Kind.DATE, Kind.DATETIME):
        return pl.coalesce(_moments(step, bare))
    whole = step.kind is Kind.INTEGER
    plain = _without_currency(bare)
    fits = plain.str.contains(_INTEGER if whole else _FLOAT)
    digits = plain.str.replace_all(",", "", literal=True).str.strip_prefix("+")
    number = pl.when(fits).then(digits).cast(pl.Int64 if whole else pl.Float64, strict=False)
    return number if whole else pl.when(number.is_finite()).then(number)


def _without_currency(bare: pl.Expr) -> pl.Expr:
    sign = f"[{_CURRENCY}]"
    # Before the digits, behind their sign, or after them.
    return bare.str.replace(rf"^([+-]?){sign} ?", "${1}").str.replace(rf" ?{sign}$", "")


_BEFORE = re.compile(rf"^([+-]?)[{_CURRENCY}] ?")
_AFTER = re.compile(rf" ?[{_CURRENCY}]\Z")
_IS_INTEGER = re.compile(_INTEGER.replace("$", r"\Z"), re.ASCII)
_IS_FLOAT = re.compile(_FLOAT.replace("$", r"\Z"), re.ASCII)


def _number(text: str, pattern: re.Pattern[str]) -> str | None:
    plain = _AFTER.sub("", _BEFORE.sub(r"\1", text))
    return plain.replace(",", "") if pattern.match(plain) else None


def _integer(text: str) -> Value:
    digits = _number(text, _IS_INTEGER)
    found = None if digits is None else int(digits)
    return found if found is not None and found in INTEGERS else None


def _float(text: str) -> Value:
    digits = _number(text, _IS_FLOAT)
    found = None if digits is None else float(digits)
    return found if found is not None and math.isfinite(found) else None


def _boolean(text: str) -> Value:
    low = text.lower()
    return True if low in _TRUE else False if low in _FALSE else None


_READERS: Mapping[Kind, Callable[[str], Value]] = {
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.BOOLEAN: _boolean,
}


def _patterns(step: Step) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return for each format its pattern and the parts of its groups, in order."""
    of_day = step.kind is Kind.DATE
    return [_pattern(each) for each in step.formats or (_ISO_DAY if of_day else _ISO_TIME)]


@lru_cache(maxsize=64)
def _pattern(written: str) -> tuple[str, tuple[str, ...]]:
    pieces = re.split("(" + "|".join(_PARTS) + ")", written)
    pattern = "".join(
        f"([0-9]{{{_WIDTH.get(piece, 2)}}})" if piece in _PARTS else re.escape(piece)
        for piece in pieces
    )
    return pattern, tuple(_PARTS[piece] for piece in pieces if piece in _PARTS)


def _moment(
    text: str, patterns: Sequence[tuple[re.Pattern[str], tuple[str, ...]]], *, of_day: bool
) -> Value:
    for pattern, parts in patterns:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        numbers = dict(zip(parts, map(int, found.groups()), strict=True))
        try:
            return date(**numbers) if of_day else datetime(**numbers)  # type: ignore[arg-type]
        except ValueError:
            continue
    return None


def _moments(step: Step, bare: pl.Expr) -> list[pl.Expr]:
    import polars as pl

    of_day = step.kind is Kind.DATE
    form = "%Y-%m-%d" if of_day else "%Y-%m-%dT%H:%M:%S"
    dtype = pl.Date() if of_day else pl.Datetime("us")
    zero = pl.lit("00")
    found = []
    for pattern, parts in _patterns(step):
        whole = f"^{pattern}$"
        group = {part: bare.str.extract(whole, place) for place, part in enumerate(parts, start=1)}
        day = pl.format("{}-{}-{}", group["year"], group["month"], group["day"])
        time = pl.format("{}:{}:{}", *(group.get(p, zero) for p in ("hour", "minute", "second")))
        text = day if of_day else pl.format("{}T{}", day, time)
        # A year 0 and a leap second are no moments that a row could hold.
        real = bare.str.contains(whole) & (group["year"] != "0000")
        real &= group.get("second", zero) <= "59"
        found.append(pl.when(real).then(text).str.strptime(dtype, form, strict=False))
    return found
