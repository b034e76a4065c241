"""What a contract promises of a column, held against one cell: at ingest and at the endpoint."""

from __future__ import annotations

import math
from typing import Any

from mlwright.data.records import Breach, Contract, FeatureContract, Kind
from mlwright.data.terms import lines_of

_NUMBERS = (Kind.INTEGER, Kind.FLOAT)


def breach_of(feature: FeatureContract, value: Any) -> Breach | None:
    """Return how a cell breaks its column's promise; None when it keeps it.

    A cell that is not of the column's kind breaks no promise here: it is refused as what it is.
    """
    if value is None:
        return None if feature.nullable else Breach.NULL
    if feature.kind in _NUMBERS:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
    elif not isinstance(value, str):
        return None
    if is_ranged(feature):
        low: Any = feature.low
        high: Any = feature.high
        return None if low <= value <= high else Breach.OUT_OF_RANGE
    if feature.categories is not None:
        return None if value in feature.categories else Breach.UNSEEN
    return None


def is_ranged(feature: FeatureContract) -> bool:
    """Whether a column promises a range of numbers."""
    return feature.kind in _NUMBERS and feature.low is not None and feature.high is not None


def promises_of(contract: Contract) -> dict[str, str]:
    """Return what each column promises of its values, in words for a person.

    As its line says it, so that an end that was written open is told as that.
    """
    said = {
        term.name: f"the contract promises {line.key} {line.bound}"
        for term, line in lines_of(contract).items()
        if term.function is None
    }
    return {f.name: said.get(f.name) or _in_words(f) for f in contract.features}


def _in_words(feature: FeatureContract) -> str:
    return f"the contract promises {values_told(feature)}"


def values_told(feature: FeatureContract, most: int = 8) -> str:
    """Return what a column promises of its values, in a few words.

    >>> values_told(FeatureContract("age", Kind.INTEGER, True, 18, 90, None))
    '18 to 90'
    >>> values_told(FeatureContract("plan", Kind.STRING, False, None, None, ("a", "b")))
    '2 values: a, b'
    """
    if feature.categories is not None:
        told = ", ".join(str(each) for each in feature.categories[:most])
        more = ", …" if len(feature.categories) > most else ""
        return f"{len(feature.categories)} values: {told}{more}"
    low, high = feature.low, feature.high
    if low is None or high is None:
        return "any value"
    if low == -math.inf:
        return f"{high} at most"
    return f"{low} at least" if high == math.inf else f"{low} to {high}"
