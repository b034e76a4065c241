"""Columns in which numbers or days stand among texts."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.column import DAYS, NEARLY_ALL, NUMBER, Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, share

_FEWEST = 20
_LEAST = 0.05


def _find(column: Column) -> Iterator[Marks]:
    if column.kind is not Kind.STRING:
        return
    if column.is_numeric or column.days is not None:
        return
    some = column.some.str.strip_chars()
    forms = {"numbers": NUMBER, "days": "|".join(f"(?:{day})" for day in DAYS.values())}
    for what, form in forms.items():
        fits = some.str.contains(form)
        part = float(str(fits.mean() or 0))
        if _LEAST <= part <= NEARLY_ALL and some.filter(fits).n_unique() >= _FEWEST:
            words = column.words.present()
            rows = int(words["fitted"].sum())
            known = words.filter(pl.col("text").str.strip_chars().str.contains(form))
            part = int(known["fitted"].sum()) / max(rows, 1)
            if _LEAST <= part < NEARLY_ALL:
                yield Marks(column.name, f"{share(part)} of the cells are {what}, the rest text")


RULE = Rule(
    "mixed-types",
    "A column of text in which 5 to 95 % of the cells are numbers, or days; told of the column. "
    "Where more are, the rest is told cell by cell: see `format`.",
    each=_find,
)
