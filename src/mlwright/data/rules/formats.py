"""Cells of another format than nearly all of their column: text among numbers, odd ids."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.column import DAYS, Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, shown, where
from mlwright.data.semantics import EMAIL
from mlwright.data.shapes import FEWEST, usual_shapes

_COVERED = 0.997
_LIKELY = 0.95
_SOME = 2_000


def _find(column: Column) -> Iterator[Marks]:
    if column.kind is not Kind.STRING:
        return
    numbers = column.numbers
    if numbers is not None:
        yield from _strays(column, numbers, "a number")
    elif (days := column.days) is not None:
        yield from _strays(column, days[1], f"a day as {days[0]}")
    else:
        yield from _shapes(column)


def _strays(column: Column, read: pl.Series, what: str) -> Iterator[Marks]:
    stray = column.series.is_not_null() & read.is_null() & ~column.cells(column.missing)
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
    return DAYS[what.removeprefix("a day as ")]


def _shapes(column: Column) -> Iterator[Marks]:
    """Learn how the texts of a column that names things are shaped, and mark the others."""
    if column.is_uniform:
        return
    words = column.words.present()
    if words.height < FEWEST:
        return
    if _covers(words, EMAIL):
        yield from _others(column, words, ~words["text"].str.contains(EMAIL), "an e-mail address")
        return
    for shape in usual_shapes(words):
        if _matching(words, shape.pattern) >= _COVERED * _rows(words):
            odd = ~words["text"].str.contains(shape.pattern)
            yield from _others(column, words, odd, f"of the shape of {shown(shape.example)}")
            return


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


RULE = Rule(
    "format",
    "A cell of another format than at least 95 % of its column: text among numbers or dates; and "
    "in columns of codes and e-mail addresses a cell of another shape than 99.7 %.",
    each=_find,
)
