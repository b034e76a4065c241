"""Columns that only name rows."""

from __future__ import annotations

from collections.abc import Iterator

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule


def _find(column: Column) -> Iterator[Marks]:
    if column.identifies and not (column.is_key or column.is_target):
        yield Marks(column.name, "names rows: a model can only learn it by heart")


RULE = Rule(
    "id-like",
    "A column, other than the key, whose values hardly repeat, as codes and numbers of rows do.",
    each=_find,
)
