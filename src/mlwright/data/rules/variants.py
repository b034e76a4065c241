"""Other spellings of a frequent category: other case, other spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule, shown, where

_FREQUENT = 10
_TIMES = 10


def _find(column: Column) -> Iterator[Marks]:
    if column.is_category:
        yield from meant_marks(column, _variants(column), "another spelling of a category")


def meant_marks(column: Column, meant: Mapping[str, str], why: str) -> Iterator[Marks]:
    """Mark the cells that hold a text which stands for another."""
    if meant:
        places = where(column.cells(pl.Series(list(meant), dtype=pl.String)))
        cells = column.series.gather(places)
        whys = [f"{shown(meant[text])} is meant?" for text in cells]
        yield Marks(column.name, why, places, whys, meant=[meant[text] for text in cells])


def _variants(column: Column) -> dict[str, str]:
    words = column.words.present()
    folded: dict[str, tuple[str, int]] = {}
    meant = {}
    for text, fitted in zip(words["text"], words["fitted"], strict=True):
        form = re.sub(r"[\s_\-]+", " ", text.strip()).casefold()
        first, count = folded.setdefault(form, (text, fitted))
        if first != text and count >= _FREQUENT and fitted * _TIMES <= count:
            meant[text] = first
    return meant


RULE = Rule(
    "variant",
    "A category written in other case, with other spaces, hyphens or underscores than its usual "
    "spelling, which stands ten times as often.",
    each=_find,
)
