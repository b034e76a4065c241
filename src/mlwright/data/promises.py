"""What training rows promised of a column, held against one cell: at ingest and at the endpoint."""

from __future__ import annotations

from typing import Any

from mlwright.data.records import Breach, FeatureContract, Kind

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def breach_of(feature: FeatureContract, value: Any) -> Breach | None:
    """Return how a cell breaks its column's promise; None when it keeps it.

    A cell that is not of the column's kind breaks no promise here: it is refused as what it is.
    """
    if value is None:
        return None if feature.nullable else Breach.NULL
    if is_ranged(feature) and isinstance(value, int | float) and not isinstance(value, bool):
        low: Any = feature.low
        high: Any = feature.high
        return None if low <= value <= high else Breach.OUT_OF_RANGE
    if feature.categories is not None and isinstance(value, str):
        return None if value in feature.categories else Breach.UNSEEN
    return None


def is_ranged(feature: FeatureContract) -> bool:
    """Whether a column promises a range of numbers."""
    return feature.kind in _NUMBERS and feature.low is not None and feature.high is not None
