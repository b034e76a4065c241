"""Classes of the target that are too rare."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.rules.rule import Marks, Rule, counted, share, shown
from mlwright.data.sheet import Sheet

_RARE = 0.05
_FEWEST = 30


def _find(sheet: Sheet) -> Iterator[Marks]:
    classes = sheet.classes
    if classes is None:
        return
    rows = int(classes["rows"].sum())
    rare = classes.filter((pl.col("rows") < _RARE * rows) | (pl.col("rows") < _FEWEST))
    if classes.height > 1 and rare.height:
        name, least = rare.row(-1)
        more = f" and {rare.height - 1} more" if rare.height > 1 else ""
        yield Marks(
            sheet.target,
            f"{shown(name)}{more} {'are' if more else 'is'} rare: {counted(least, 'row')} of "
            f"{rows:,}, {share(least / rows)}",
        )


RULE = Rule("imbalance", "A class of the target with under 5 % of the rows, or under 30.", _find)
