"""Rows that share a value which should name one row alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from mlwright.data.column import Places
from mlwright.data.rules.rule import Marks, Rule, counted, shown
from mlwright.data.sheet import Sheet


def _find(sheet: Sheet) -> Iterator[Marks]:
    for name in sheet.names:
        seen = sheet.seen(name)
        if not seen.identifies or not len(seen.again):
            continue
        # A row that stands twice has its key twice; that is told as what it is.
        alone = ~np.isin(seen.again, sheet.repeats)
        places, cells = seen.again[alone], seen.named.filter(pl.Series(alone))
        twice = cells.is_duplicated() & cells.is_not_null()
        if twice.any():
            places, cells = places[twice.to_numpy()], cells.filter(twice)
            yield Marks(
                name,
                "names rows, and the same value names several",
                places,
                _others(sheet, places, cells.to_list()),
            )


def _others(sheet: Sheet, places: Places, values: Sequence[object]) -> list[str]:
    rows: dict[object, list[str]] = {}
    ids = sheet.cells.ids(places)
    for value, row in zip(values, ids, strict=True):
        rows.setdefault(value, []).append(row)
    whys = []
    for value, row in zip(values, ids, strict=True):
        others = [each for each in rows[value] if each != row]
        other = others[0] if others else row
        whys.append(
            f"the same {shown(value)} stands in {counted(len(rows[value]), 'row')}, such as {other}"
        )
    return whys


RULE = Rule(
    "duplicate-key",
    "Rows that share a value of the key, or of a column that otherwise names each row once.",
    _find,
)
