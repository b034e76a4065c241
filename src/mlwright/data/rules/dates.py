"""Days that cannot be: 30 February, the far past, and a future that the table cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, where
from mlwright.data.sheet import DAYS, Column, Sheet

_FIRST = date(1900, 1, 1)
_RARE = 0.01


def _find(sheet: Sheet) -> Iterator[Marks]:
    for column in sheet.columns:
        days = column.days
        if days is None:
            continue
        form, values = days
        if column.kind is Kind.STRING:
            yield from _unreal(column, form, values)
        known = values if sheet.fitted is None else values.filter(sheet.fitted)
        for outside, beyond, why in (
            (values < _FIRST, known < _FIRST, "before 1900"),
            (values > sheet.today, known > sheet.today, f"after {sheet.today}, when it was read"),
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
    _find,
)
