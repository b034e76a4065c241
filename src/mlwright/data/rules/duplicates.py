"""Rows that stand twice."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.rules.rule import Marks, Rule, where
from mlwright.data.sheet import Sheet


def _find(sheet: Sheet) -> Iterator[Marks]:
    hashes = pl.Series(sheet.hashes(sheet.names))
    again = hashes.is_duplicated() & ~hashes.is_first_distinct()
    if again.any():
        yield Marks(None, "every cell is as in an earlier row", where(again))


RULE = Rule("duplicate", "A row whose every cell is as in an earlier row.", _find)
