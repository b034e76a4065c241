"""Rows that share a value which should name one row alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from mlwright.data.rules.rule import Marks, Rule, counted, shown, where
from mlwright.data.sheet import Places, Sheet


def _find(sheet: Sheet) -> Iterator[Marks]:
    # A row that stands twice has its key twice; that is told as what it is.
    first = pl.Series(sheet.hashes(sheet.names)).is_first_distinct()
    for column in sheet.columns:
        if not sheet.is_identifying(column.name):
            continue
        asked = first & column.series.is_not_null()
        hashes = pl.Series(sheet.hash_of(column.name)).set(~asked, None)
        twice = hashes.is_duplicated() & asked
        if twice.any():
            places = where(twice)
            yield Marks(
                column.name,
                "names rows, and the same value names several",
                places,
                _others(sheet, places, column.series.gather(places).to_list()),
            )


def _others(sheet: Sheet, places: Places, values: Sequence[object]) -> list[str]:
    rows: dict[object, list[str]] = {}
    ids = sheet.row_ids.gather(places).to_list()
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
