"""Spaces before or after a text, which make two categories of one."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlwright.data.column import Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, share, where

_SPACED = r"^\s|\s$"
_COMMON = 0.5


def _find(column: Column) -> Iterator[Marks]:
    if column.kind is not Kind.STRING:
        return
    if column.is_tidy:
        return
    words = column.words.table
    spaced = words.filter(pl.col("text").str.contains(_SPACED))
    if not spaced.height:
        return
    part = int(spaced["fitted"].sum()) / max(int(words["fitted"].sum()), 1)
    if part > _COMMON:
        yield Marks(column.name, f"{share(part)} of the cells begin or end with a space")
    else:
        yield Marks(
            column.name, "a space before or after the text", where(column.cells(spaced["text"]))
        )


RULE = Rule(
    "spaces",
    "A text that begins or ends with a space; told once of a column where most cells do.",
    each=_find,
)
