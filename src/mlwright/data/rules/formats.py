"""Cells of another format than nearly all of their column: text among numbers, odd ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, share, shown, where
from mlwright.data.sheet import Column, Sheet

_MIXED = 0.5
_SOMETIMES = 0.4
_FEWEST = 100
_COVERED = 0.997
_LIKELY = 0.95
_SOME = 2_000
_CLASSES = {"A": r"\p{Lu}", "a": r"\p{Ll}", "9": "[0-9]"}
_SHAPE_SHARE = 0.01
_MOST_SHAPES = 3
_EMAIL = r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}$"


def _find(sheet: Sheet) -> Iterator[Marks]:
    for column in sheet.columns:
        if column.kind is not Kind.STRING:
            continue
        numbers = column.numbers
        if numbers is not None:
            yield from _strays(column, numbers, "a number")
        elif (days := column.days) is not None:
            yield from _strays(column, days[1], f"a day as {days[0]}")
        else:
            yield from _shapes(column)


def _strays(column: Column, read: pl.Series, what: str) -> Iterator[Marks]:
    missing = column.words.table.filter("missing")["text"]
    stray = column.series.is_not_null() & read.is_null() & ~column.cells(missing)
    if what != "a number":
        # What is shaped as a day and is none is judged as one: see impossible dates.
        pattern = _shape_of(what)
        stray &= ~column.series.str.strip_chars().str.contains(pattern)
    if stray.any():
        places = where(stray)
        yield Marks(
            column.name,
            f"not {what}, as nearly all others are",
            places,
        )


def _shape_of(what: str) -> str:
    from mlwright.data.sheet import DAYS

    return DAYS[what.removeprefix("a day as ")]


def _shapes(column: Column) -> Iterator[Marks]:
    """Learn how the texts of a column that names things are shaped, and mark the others."""
    words = column.words.present()
    if words.height < _FEWEST:
        return
    likely = column.some.str.contains(r"^\s*[-+.]?\d").mean()
    if float(str(likely or 0)) >= _SOMETIMES:
        yield from _mixed(column, words)
    if _covers(words, _EMAIL):
        yield from _others(column, words, ~words["text"].str.contains(_EMAIL), "an e-mail address")
        return
    some = words.gather_every(max(1, words.height // _SOME))
    for exact in (True, False):
        usual = _usual(some, exact=exact)
        pattern = "|".join(_pattern(shape, exact=exact) for shape in usual)
        if pattern and _matching(words, f"^(?:{pattern})$") >= _COVERED * _rows(words):
            odd = ~words["text"].str.contains(f"^(?:{pattern})$")
            example = some.filter(_shaped(some["text"], exact=exact) == usual[0])["text"].min()
            yield from _others(column, words, odd, f"of the shape of {shown(example)}")
            return


def _mixed(column: Column, words: pl.DataFrame) -> Iterator[Marks]:
    numeric = words["text"].str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    rows = int(words["fitted"].sum())
    numbers = int(words["fitted"].filter(numeric).sum())
    if numbers > _MIXED * rows and numbers < rows:
        yield Marks(column.name, f"{share(numbers / rows)} of the cells are numbers, the rest text")


def _usual(words: pl.DataFrame, *, exact: bool) -> list[str]:
    """Return the few shapes that nearly all texts have, where all of them hold digits."""
    rows = _rows(words)
    counts = (
        pl.DataFrame({"shape": _shaped(words["text"], exact=exact), "fitted": words["fitted"]})
        .group_by("shape")
        .agg(pl.col("fitted").sum())
        .sort("fitted", "shape", descending=[True, False])
    )
    # Several exact shapes are numbers of several lengths, of which the next has another.
    most = 1 if exact else _MOST_SHAPES
    usual = counts.filter(pl.col("fitted") >= _SHAPE_SHARE * rows).head(most)
    # Words of letters alone have no shape that means anything.
    coded = bool(usual["shape"].str.contains("9", literal=True).all())
    covers = int(usual["fitted"].sum()) >= _LIKELY * rows
    return usual["shape"].to_list() if coded and covers else []


def _pattern(shape: str, *, exact: bool) -> str:
    """Return the pattern of all texts of a shape."""
    more = "" if exact else "+"
    return "".join(f"{_CLASSES[c]}{more}" if c in _CLASSES else re.escape(c) for c in shape)


def _rows(words: pl.DataFrame) -> int:
    return int(words["fitted"].sum())


def _covers(words: pl.DataFrame, pattern: str) -> bool:
    """Whether nearly all texts have a pattern; some are looked at first."""
    for those, least in (
        (words.gather_every(max(1, words.height // _SOME)), _LIKELY),
        (words, _COVERED),
    ):
        if _matching(those, pattern) < least * _rows(those):
            return False
    return True


def _matching(words: pl.DataFrame, pattern: str) -> int:
    return int(words["fitted"].filter(words["text"].str.contains(pattern)).sum())


def _others(column: Column, words: pl.DataFrame, odd: pl.Series, what: str) -> Iterator[Marks]:
    if odd.any():
        places = where(column.cells(words["text"].filter(odd)))
        yield Marks(column.name, f"not {what}, as nearly all others are", places)


def _shaped(texts: pl.Series, *, exact: bool) -> pl.Series:
    """Return texts with digits as 9, capitals as A and small letters as a; or runs of them."""
    more = "" if exact else "+"
    shaped = texts.str.replace_all(rf"\p{{Lu}}{more}", "A").str.replace_all(rf"\p{{Ll}}{more}", "a")
    return shaped.str.replace_all(rf"[0-9]{more}", "9")


RULE = Rule(
    "format",
    "A cell of another format than at least 95 % of its column: text among numbers or dates; and "
    "in columns of codes and e-mail addresses a cell of another shape than 99.7 %.",
    _find,
)
