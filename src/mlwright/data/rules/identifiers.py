"""Columns that only name rows."""

from __future__ import annotations

from collections.abc import Iterator

from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.sheet import Sheet


def _find(sheet: Sheet) -> Iterator[Marks]:
    for column in sheet.columns:
        if column.name not in (sheet.key, sheet.target) and sheet.is_identifying(column.name):
            yield Marks(column.name, "names rows: a model can only learn it by heart")


RULE = Rule(
    "id-like",
    "A column, other than the key, whose values hardly repeat, as codes and numbers of rows do.",
    _find,
)
