"""Rare texts that are a frequent category but for a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.rules.variants import meant_marks

_TIMES = 20
_RARE = 0.0005
_LEAST_RARE = 3
_SHORTEST = 4
_FEW = 10
_LONG = 8
_DIGIT = re.compile(r"\d")


def _find(column: Column) -> Iterator[Marks]:
    if column.is_category:
        yield from meant_marks(column, _misspelt(column), "probably misspelt")


def _misspelt(column: Column) -> dict[str, str]:
    words = column.words.present()
    rows = int(words["fitted"].sum())
    most = max(_LEAST_RARE, _RARE * rows)
    frequent = words.filter(pl.col("fitted") >= _TIMES)
    shortest = 2 if frequent.height <= _FEW else _SHORTEST
    rare = words.filter((pl.col("fitted") <= most) & (pl.col("text").str.len_chars() >= shortest))
    known = list(zip(frequent["text"], frequent["fitted"], strict=True))
    meant = {}
    for text, fitted in zip(rare["text"], rare["fitted"], strict=True):
        near = [
            other for other, count in known if count >= _TIMES * fitted and _is_near(text, other)
        ]
        if near:
            meant[text] = near[0]
    return meant


def _is_near(text: str, other: str) -> bool:
    """Whether two texts differ as a slip of the pen does: codes with digits do not."""
    most = 2 if min(len(text), len(other)) >= _LONG else 1
    if text == other or abs(len(text) - len(other)) > most:
        return False
    if _DIGIT.search(text) or _DIGIT.search(other):
        return False
    return distance(text.casefold(), other.casefold(), most) <= most


def distance(first: str, second: str, most: int) -> int:
    """Return how many letters were left out, put in, changed or swapped; above ``most`` any more.

    >>> distance("married", "maried", 2), distance("divorced", "divroced", 2)
    (1, 1)
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, start=1):
        next_row = [i]
        for j, other in enumerate(second, start=1):
            cost = min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + (one != other))
            swapped = i > 1 and j > 1 and one == second[j - 2] and first[i - 2] == other
            if swapped and one != other:
                cost = min(cost, before[j - 2] + 1)
            next_row.append(cost)
        if min(next_row) > most:
            return most + 1
        before, row = row, next_row
    return row[-1]


RULE = Rule(
    "misspelling",
    "A rare category one letter from a frequent one (two from eight letters on); codes that hold "
    "digits are left alone.",
    each=_find,
)
