"""Amounts below zero in a column of amounts above it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.sheet import Sheet

_SIGNED = 0.002
_OF_AMOUNTS = 0.02
_FEWEST = 100


def _find(sheet: Sheet) -> Iterator[Marks]:
    for column in sheet.columns:
        if not column.is_numeric:
            continue
        learnt = column.learnt
        above = learnt[learnt > 0]
        below = int((learnt < 0).sum())
        if len(above) < _FEWEST or below > max(1, _SIGNED * len(learnt)):
            continue
        if below > max(1, _OF_AMOUNTS * len(above)):  # where most cells are zero
            continue
        usual = above[len(above) // 100]
        values = column.values
        places = np.flatnonzero(values <= -usual)
        if len(places):
            yield Marks(
                column.name,
                "below zero in a column of amounts above it",
                places,
                [f"{-value:.12g} would be usual: a slip of the sign?" for value in values[places]],
            )


RULE = Rule(
    "sign-slip",
    "A number below zero, of a usual size, in a column where under 0.2 % are below zero.",
    _find,
)
