"""Numbers 10, 100 or 1000 times too large or too small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlwright.data.column import Column
from mlwright.data.records import Kind
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.tails import Limits

_FACTORS = (10, 100, 1000)


def _find(column: Column) -> Iterator[Marks]:
    if column.limits is None or not len(column.outside):
        return
    places, whys, meant = [], [], []
    values = column.values
    for place in column.outside:
        slips = _slips(float(values[place]), column.limits)
        if slips:
            usual, times = slips[0]
            places.append(place)
            whys.append(f"{times} {usual:.12g}, which would be usual: a slip of the unit?")
            could_be = [each for each, _ in slips if _fits(each, column)]
            meant.append(could_be[0] if len(could_be) == 1 else None)
    if places:
        why = "10, 100 or 1000 times too large or small"
        yield Marks(column.name, why, np.array(places), whys, meant=meant)


def _slips(value: float, found: Limits) -> list[tuple[float, str]]:
    """Return what would be usual, and how far the value is from each, the nearest first."""
    if found.usual_low < 0 < found.usual_high:
        return []
    return [
        (meant, times)
        for factor in _FACTORS
        for meant, times in (
            (value / factor, f"{factor} times"),
            (value * factor, f"a {factor}th of"),
        )
        if found.usual_low <= meant <= found.usual_high
    ]


def _fits(value: float, column: Column) -> bool:
    """Whether a column of whole numbers, or of others, could hold a value."""
    return column.kind is not Kind.INTEGER or value.is_integer()


RULE = Rule(
    "unit-slip",
    "A number outside the column's limits that would be usual if it were 10, 100 or 1000 times "
    "smaller or larger.",
    each=_find,
)
