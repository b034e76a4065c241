"""How far two records are apart: structure, and the largest difference between their numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from mlwright.core.digest import is_digest

TOLERANCE = 1e-9
"""Relative; what another processor or kernel may change in a float64 sum of many terms."""


@dataclass(frozen=True, slots=True)
class Distance:
    """The largest relative difference between numbers, and the first place that differs else."""

    numbers: float
    place: str | None

    @property
    def within_tolerance(self) -> bool:
        """Whether nothing but the last bits of numbers differs."""
        return self.place is None and self.numbers <= TOLERANCE


def distance(first: bytes, second: bytes) -> Distance:
    """Compare two JSON documents; digests in them are passed over, for they hide what they name."""
    largest, place = 0.0, None
    for where, old, new in _pairs("", json.loads(first), json.loads(second)):
        if _is_number(old) and _is_number(new):
            largest = max(largest, _relative(old, new))
        elif old != new and not (_named_by_content(old) and _named_by_content(new)):
            place = place or where
    return Distance(largest, place)


def _pairs(where: str, old: object, new: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _pairs(f"{where}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _pairs(f"{where}[{place}]", left, right)
    else:
        yield where.removeprefix("."), old, new


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _relative(old: float, new: float) -> float:
    if old == new:
        return 0.0
    if not (math.isfinite(old) and math.isfinite(new)):
        return math.inf
    return abs(old - new) / max(abs(old), abs(new))


def _named_by_content(value: object) -> bool:
    return isinstance(value, str) and (is_digest(value) or value[:2] in ("d_", "m_", "c_"))
