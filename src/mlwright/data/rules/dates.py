"""Days that cannot be: 30 February, the far past, and a future that the table cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from mlwright.data.column import DAYS, Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, where

_FIRST = date(1900, 1, 1)
_RARE = 0.01


def _find(column: Column) -> Iterator[Marks]:
    days = column.days
    if days is None:
        return
    form, values = days
    if column.kind is Kind.STRING:
        yield from _unreal(column, form, values)
    today = column.today
    low, high = values.min(), values.max()
    if not (isinstance(low, date) and isinstance(high, date)):
        return
    if low >= _FIRST and high <= today:
        return
    known = column.learnt_from(values)
    for outside, beyond, why in (
        (values < _FIRST, known < _FIRST, "before 1900"),
        (values > today, known > today, f"after {today}, when it was read"),
    ):
        usual = float(str(beyond.mean() or 0)) > _RARE
        if outside.any() and not usual:
            yield Marks(column.name, f"a day {why}", where(outside))


def _unreal(column: Column, form: str, values: pl.Series) -> Iterator[Marks]:
    shaped = column.series.str.strip_chars().str.contains(DAYS[form])
    unreal = shaped & values.is_null()
    if unreal.any():
        yield Marks(column.name, f"no day of the calendar, written as {form}", where(unreal))


RULE = Rule(
    "impossible-date",
    "A day that no calendar has, one before 1900, or one after the table was read; the latter two "
    "only in columns where under 1 % are so.",
    each=_find,
)
