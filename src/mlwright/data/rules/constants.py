"""Columns that say nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule, shown


def _find(column: Column) -> Iterator[Marks]:
    if column.variety * len(column.some) > 1:
        return
    if not len(column.known):
        yield Marks(column.name, "every cell is empty")
    elif column.different == 1 and len(column.known) > 1:
        empty = "" if len(column.known) == column.learnable else ", or is empty"
        yield Marks(column.name, f"every cell holds {shown(column.known[0])}{empty}")


RULE = Rule("constant", "A column whose cells are all alike, or all empty.", each=_find)
