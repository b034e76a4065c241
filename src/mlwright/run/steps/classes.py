"""The classes a step works with: their methods are code of the step's, though it names none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

_PLAIN = (bool, int, float, str, bytes)
_CONTAINERS = (list, tuple, set, frozenset)


def classes_in(values: Iterable[object]) -> frozenset[type]:
    """Return the classes of values and of what they hold, apart from Python's plain ones."""
    found: set[type] = set()
    for value in values:
        _collect(value, found)
    return frozenset(found)


def annotated_classes(function: Callable[..., object], names: Iterable[str]) -> frozenset[type]:
    """Return the classes that parameters are annotated with: how a resource counts.

    The resource itself is in no key, but what its declared class does with the step's inputs is
    code; a protocol leaves it open.
    """
    annotations = getattr(function, "__annotations__", {})
    namespace = getattr(function, "__globals__", {})
    found: set[type] = set()
    for name in names:
        written = annotations.get(name)
        if isinstance(written, type):
            found.add(written)
        elif isinstance(written, str):
            dotted = re.findall(r"[A-Za-z_][\w.]*", written)
            found |= {kind for kind in (_named(d, namespace) for d in dotted) if kind is not None}
    return frozenset(found)


def _named(dotted: str, namespace: dict[str, Any]) -> type | None:
    first, *rest = dotted.split(".")
    value = namespace.get(first)
    for name in rest:
        value = getattr(value, name, None)
    return value if isinstance(value, type) else None


def _collect(value: Any, found: set[type]) -> None:
    kind = type(value)
    if value is None or kind in _PLAIN:
        return
    if kind in _CONTAINERS:
        for item in value:
            _collect(item, found)
    elif kind is dict:
        for item in value.values():
            _collect(item, found)
    else:
        found.add(kind)
        if is_dataclass(value):
            for field in fields(value):
                _collect(getattr(value, field.name), found)
