"""Cells that say "missing" in letters, where nothing should stand."""

from __future__ import annotations

from collections.abc import Iterator

from mlwright.data.column import Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule, shown, where


def _find(column: Column) -> Iterator[Marks]:
    if column.kind is Kind.STRING:
        words = column.missing
        if len(words):
            places = where(column.cells(words))
            spellings = ", ".join(shown(text) for text in words.head(5))
            yield Marks(
                column.name,
                f"written instead of an empty cell: {spellings}",
                places,
                [
                    f"{shown(text)} stands for a missing value"
                    for text in column.series.gather(places)
                ],
            )


RULE = Rule(
    "missing-spelling",
    'A cell that says "missing" in letters: `?`, `N/A`, `null`, blanks; words that can be a '
    "category, such as `unknown` or `none`, only where they are rare.",
    each=_find,
)
