"""Numbers 10, 100 or 1000 times too large or too small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.tails import Limits

_FACTORS = (10, 100, 1000)


def _find(column: Column) -> Iterator[Marks]:
    if column.limits is None:
        return
    places, whys, meant = [], [], []
    values = column.values
    for place in column.outside:
        slip = _slip(float(values[place]), column.limits)
        if slip is not None:
            usual, times = slip
            places.append(place)
            meant.append(usual)
            whys.append(f"{times} {usual:.12g}, which would be usual: a slip of the unit?")
    if places:
        why = "10, 100 or 1000 times too large or small"
        yield Marks(column.name, why, np.array(places), whys, meant=meant)


def _slip(value: float, found: Limits) -> tuple[float, str] | None:
    """Return what would be usual, and how far the value is from it; None for no such slip."""
    if found.usual_low < 0 < found.usual_high:
        return None
    for factor in _FACTORS:
        for meant, times in (
            (value / factor, f"{factor} times"),
            (value * factor, f"a {factor}th of"),
        ):
            if found.usual_low <= meant <= found.usual_high:
                return meant, times
    return None


RULE = Rule(
    "unit-slip",
    "A number outside the column's limits that would be usual if it were 10, 100 or 1000 times "
    "smaller or larger.",
    each=_find,
)
