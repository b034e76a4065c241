"""Numbers far from all others of their column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule, counted


def _find(column: Column) -> Iterator[Marks]:
    if column.limits is None:
        return
    learnt = column.learnt
    if not (len(column.outside) or len(column.apart)):
        return
    inside = learnt[(learnt >= column.limits.low) & (learnt <= column.limits.high)]
    held = f"which lie between {inside[0]:.12g} and {inside[-1]:.12g}"
    if len(column.outside):
        yield Marks(column.name, f"far from all others, {held}", column.outside)
    if len(column.apart):
        cells = int(np.isin(column.values, column.apart).sum())
        values = ", ".join(f"{value:.12g}" for value in column.apart[:3])
        yield Marks(
            column.name,
            f"{counted(cells, 'cell')} hold {values}, far from all others, {held}: a group "
            "of its own, or a stand-in?",
        )


RULE = Rule(
    "outlier",
    "A number outside the column's limits. They continue its tails as the last hundredth goes on, "
    "to where less than one clean value in 100 such columns would lie. A far value that itself "
    "stands often is told of the column, not row by row.",
    each=_find,
)
