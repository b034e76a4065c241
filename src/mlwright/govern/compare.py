"""How far two records are apart: structure, and the largest difference between their numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from mlwright.core.digest import is_digest
from mlwright.run.artefacts import CONTAINER, decode, names_classes

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


def artefact_distance(kind: str, first: bytes, second: bytes) -> Distance:
    """Compare two artefacts of one kind: JSON documents, or containers of arrays and tables.

    A container that names classes is not opened, for that would import the user's code.
    """
    if kind != CONTAINER:
        return distance(first, second)
    if names_classes(first) or names_classes(second):
        return Distance(0.0, "its content")
    return _apart("", decode(first), decode(second))


def _apart(where: str, old: Any, new: Any) -> Distance:
    """Return how far two values are apart: scalars, arrays, tables and what holds them."""
    here = where.removeprefix(".") or "its content"
    if hasattr(old, "get_columns"):
        return _tables_apart(where, old, new)
    if isinstance(old, np.ndarray | np.generic):
        return _arrays_apart(here, old, new)
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return _farthest(_apart(f"{where}.{key}", old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and type(old) is type(new) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return _farthest(_apart(f"{where}[{place}]", *pair) for place, pair in pairs)
    if _is_number(old) and _is_number(new):
        return Distance(_relative(old, new), None)
    return Distance(0.0, None if type(old) is type(new) and old == new else here)


def _tables_apart(where: str, old: Any, new: Any) -> Distance:
    alike = getattr(new, "schema", None) == old.schema and new.height == old.height
    if not alike:
        return Distance(0.0, f"{where.removeprefix('.')} columns or rows".strip())
    return _farthest(
        _column_apart(f"{where}.{mine.name}".removeprefix("."), mine, theirs)
        for mine, theirs in zip(old.get_columns(), new.get_columns(), strict=True)
    )


def _column_apart(here: str, old: Any, new: Any) -> Distance:
    if old.equals(new, null_equal=True):
        return Distance(0.0, None)
    if not old.dtype.is_float() or not old.is_null().equals(new.is_null()):
        return Distance(0.0, here)
    return _arrays_apart(here, old.drop_nulls().to_numpy(), new.drop_nulls().to_numpy())


def _arrays_apart(here: str, old: Any, new: Any) -> Distance:
    first, second = np.asarray(old), np.asarray(new)
    if first.shape != second.shape or first.dtype != second.dtype:
        return Distance(0.0, f"{here} has another shape")
    if first.dtype.kind not in "fc":
        return Distance(0.0, None if np.array_equal(first, second) else here)
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    if not bool((np.isfinite(first) & np.isfinite(second) | same).all()):
        return Distance(math.inf, None)
    scale = np.where(same, 1.0, np.maximum(np.abs(first), np.abs(second)))
    apart = np.where(same, 0.0, np.abs(first - second)) / scale
    return Distance(float(np.max(apart, initial=0.0)), None)


def _farthest(each: Iterator[Distance]) -> Distance:
    found = list(each)
    place = next((one.place for one in found if one.place is not None), None)
    return Distance(max((one.numbers for one in found), default=0.0), place)


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
