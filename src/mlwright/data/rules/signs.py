"""Amounts below zero in a column of amounts above it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule

_SIGNED = 0.002
_OF_AMOUNTS = 0.02
_FEWEST = 100


def _find(column: Column) -> Iterator[Marks]:
    if not column.is_numeric:
        return
    learnt = column.learnt
    above = learnt[np.searchsorted(learnt, 0.0, "right") :]
    below = int(np.searchsorted(learnt, 0.0, "left"))
    if len(above) < _FEWEST or below > max(1, _SIGNED * len(learnt)):
        return
    if below > max(1, _OF_AMOUNTS * len(above)):  # where most cells are zero
        return
    usual = above[len(above) // 100]
    if column.ends is None or column.ends[0] > -usual:
        return
    values = column.values
    places = np.flatnonzero(values <= -usual)
    if len(places):
        yield Marks(
            column.name,
            "below zero in a column of amounts above it",
            places,
            [f"{-value:.12g} would be usual: a slip of the sign?" for value in values[places]],
            meant=(-values[places]).tolist(),
        )


RULE = Rule(
    "sign-slip",
    "A number below zero, of a usual size, in a column where under 0.2 % are below zero.",
    each=_find,
)
