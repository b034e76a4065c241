"""Cells of another format than nearly all of their column: text among numbers, odd ids."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, share, shown, where
from mlwright.data.sheet import Column, Sheet

_MIXED = 0.5
_FEWEST = 100
_COVERED = 0.997
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
    numeric = words["text"].str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    rows = int(words["fitted"].sum())
    numbers = int(words["fitted"].filter(numeric).sum())
    if numbers > _MIXED * rows and numbers < rows:
        yield Marks(column.name, f"{share(numbers / rows)} of the cells are numbers, the rest text")
        return
    if _matching(words, _EMAIL) >= _COVERED * rows:
        yield from _others(column, words, ~words["text"].str.contains(_EMAIL), "an e-mail address")
        return
    for exact in (True, False):
        shapes = _shaped(words["text"], exact=exact)
        counts = (
            pl.DataFrame({"shape": shapes, "fitted": words["fitted"]})
            .group_by("shape")
            .agg(pl.col("fitted").sum())
            .sort("fitted", "shape", descending=[True, False])
        )
        usual = counts.filter(pl.col("fitted") >= _SHAPE_SHARE * rows).head(_MOST_SHAPES)
        covered = int(usual["fitted"].sum())
        if covered >= _COVERED * rows and _is_coded(usual["shape"]):
            example = words.filter(shapes == usual["shape"][0])["text"].min()
            odd = ~shapes.is_in(usual["shape"].implode())
            yield from _others(column, words, odd, f"of the shape of {shown(example)}")
            return


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


def _is_coded(shapes: pl.Series) -> bool:
    """Whether all shapes hold digits: words of letters have no shape that means anything."""
    return bool(shapes.str.contains("9", literal=True).all())


RULE = Rule(
    "format",
    "A cell of another format than at least 95 % of its column: text among numbers or dates; and "
    "in columns of codes and e-mail addresses a cell of another shape than 99.7 %.",
    _find,
)
