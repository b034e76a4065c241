"""What of a class and of annotations says something, and what follows from the rest."""

from __future__ import annotations

import types
from dataclasses import dataclass
from enum import EnumMeta
from typing import Any

_BOOKKEEPING = frozenset(
    {
        "__abstractmethods__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__dict__",
        "__firstlineno__",
        "__module__",
        "__qualname__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)
_GENERATED = frozenset(
    {
        "__delattr__",
        "__eq__",
        "__ge__",
        "__getstate__",
        "__gt__",
        "__hash__",
        "__init__",
        "__le__",
        "__lt__",
        "__replace__",
        "__repr__",
        "__setattr__",
        "__setstate__",
    }
)
_GENERATORS = ("<string>", dataclass.__code__.co_filename)
_ENUM_MEANING = frozenset({"_missing_", "_generate_next_value_", "_new_member_"})


def silent_names(value: type) -> frozenset[str]:
    """Return the names in a class that say nothing of their own."""
    skipped = _BOOKKEEPING
    if not vars(value).get("__annotations__", True):
        # Whoever asks a class without annotations for them leaves it with none written down.
        skipped |= {"__annotations__"}
    if "__dataclass_fields__" in vars(value):
        # What the decorator generates follows from the fields and its parameters.
        skipped |= {name for name in _GENERATED if _is_generated(vars(value).get(name))}
        skipped |= {"__match_args__", "__slots__"}
    if issubclass(value, tuple) and _is_generated(vars(value).get("__new__")):
        skipped |= {"__new__"}  # A named tuple's, which follows from its fields.
    if isinstance(value, EnumMeta):
        sunder = {n for n in vars(value) if n.startswith("_") and n[1:2] != "_" and n[-1:] == "_"}
        skipped |= (sunder - _ENUM_MEANING) | value.__members__.keys() | {"__new__"}
    return skipped


def _is_generated(value: object) -> bool:
    code = getattr(getattr(value, "__wrapped__", value), "__code__", None)
    return code is not None and code.co_filename in _GENERATORS


def member_state(member: Any) -> object:
    """Return the value of an enumeration's member and what else was set on it."""
    hidden = {"_value_", "_name_", "__objclass__", "_sort_order_"}
    more = {k: v for k, v in sorted(vars(member).items()) if k not in hidden}
    return (member.value, more)


def annotations_of(function: types.FunctionType) -> tuple[tuple[str, str], ...]:
    """Return a function's annotations as text."""
    try:
        return annotations_text(function.__annotations__)
    except NameError:  # Evaluated only when asked for, from Python 3.14 on.
        return ()


def annotations_text(value: Any) -> tuple[tuple[str, str], ...]:
    """Return a mapping of annotations as text."""
    return tuple((name, annotation_text(each)) for name, each in value.items())


def annotation_text(value: object) -> str:
    """Return an annotation as text; it names types, and does not bring in their code."""
    if isinstance(value, str):
        return value
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    text = repr(value)
    return text if " at 0x" not in text else type(value).__qualname__
