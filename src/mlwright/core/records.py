"""Records to bytes and back: canonical JSON that keeps types, tuples and every bit of a float."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from functools import lru_cache

from mlwright.core.encoding import canonical_json

R = typing.TypeVar("R")

_AS_IS = (str, int, bool, type(None))
"""Most of what records hold; their subclasses, such as enums of texts, are looked at further."""

_WRAPPERS = ("bytes", "float", "mapping")
_UNWRITABLE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def dump(record: object) -> bytes:
    """Return a frozen dataclass as canonical JSON bytes.

    Floats JSON cannot write become ``{"float": "nan" | "inf" | "-inf"}``; all others are written
    in the shortest form that reads back to the same bits. Bytes become ``{"bytes": hex}``, and a
    mapping that looks like one of these is wrapped as ``{"mapping": ...}``.
    """
    return canonical_json(to_json(record))


def load(kind: type[R], raw: bytes) -> R:
    """Return the record of type ``kind`` that :func:`dump` wrote."""
    return typing.cast("R", from_json(kind, json.loads(raw, parse_constant=_refuse_constant)))


def _refuse_constant(name: str) -> typing.NoReturn:
    raise ValueError(f"{name} is no JSON")


def to_json(value: object) -> object:
    """Return a value as JSON types from which :func:`from_json` restores it."""
    if type(value) in _AS_IS:
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": float.__repr__(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = {_key(key): to_json(item) for key, item in value.items()}
        return {"mapping": pairs} if _is_wrapped(pairs) else pairs
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((to_json(item) for item in value), key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = {name: getattr(value, name) for name in _names(type(value))}
        absent = _absent(type(value))
        return {
            name: to_json(item)
            for name, item in held.items()
            if name not in absent or item != absent[name]
        }
    raise TypeError(f"{type(value).__qualname__} cannot be a field of a record")


@lru_cache(maxsize=256)
def _names(kind: typing.Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@lru_cache(maxsize=256)
def _absent(kind: typing.Any) -> dict[str, object]:
    """Return the fields that came later and are not written at their default, with it."""
    fields = dataclasses.fields(kind)
    return {field.name: field.default for field in fields if field.metadata.get("absent")}


def _is_wrapped(pairs: typing.Any) -> bool:
    return isinstance(pairs, dict) and len(pairs) == 1 and next(iter(pairs)) in _WRAPPERS


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a mapping in a record has text keys, not {key!r}")
    return key


def from_json(kind: typing.Any, value: typing.Any) -> object:
    """Return the value of type ``kind`` behind its JSON form.

    Raises
    ------
    TypeError, ValueError, KeyError
        When the JSON does not fit the type.
    """
    if kind is typing.Any or kind is object:
        return _loose(value)
    if isinstance(kind, typing.NewType):
        return from_json(kind.__supertype__, value)
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return _from_literal(typing.get_args(kind), value)
    if origin in (typing.Union, types.UnionType):
        return _from_union(typing.get_args(kind), value)
    if origin is tuple:
        return _from_tuple(typing.get_args(kind), value)
    if origin is frozenset:
        (item,) = typing.get_args(kind)
        return frozenset(from_json(item, each) for each in _expect(list, value))
    if origin is not None and issubclass(origin, Mapping):
        item = typing.get_args(kind)[1]
        pairs = _expect(dict, value["mapping"] if _is_wrapped(value) else value)
        return {key: from_json(item, each) for key, each in pairs.items()}
    if dataclasses.is_dataclass(kind):
        return _from_object(kind, value)
    if kind is float:
        return _float(value)
    if kind is bytes:
        return bytes.fromhex(_expect(dict, value)["bytes"])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime or kind is date:
        return kind.fromisoformat(_expect(str, value))
    return _expect(kind, value)


def _expect(kind: typing.Any, value: typing.Any) -> typing.Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise TypeError(f"expected {kind.__name__}, got {value!r}")
    return value


def _loose(value: typing.Any) -> object:
    if isinstance(value, dict):
        if set(value) == {"float"}:
            return _float(value)
        if set(value) == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        pairs = value["mapping"] if _is_wrapped(value) else value
        return {key: _loose(item) for key, item in _expect(dict, pairs).items()}
    if isinstance(value, list):
        return tuple(_loose(item) for item in value)
    return value


def _float(value: typing.Any) -> float:
    if isinstance(value, dict):
        return _UNWRITABLE[value["float"]]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("an integer is too large for a float") from None


def _from_literal(values: tuple[typing.Any, ...], value: typing.Any) -> object:
    for each in values:
        if type(each) is type(value) and each == value:
            return value
    raise ValueError(f"{value!r} is none of {values}")


def _from_union(kinds: tuple[typing.Any, ...], value: typing.Any) -> object:
    _require_distinct(kinds)
    records = [kind for kind in kinds if dataclasses.is_dataclass(kind)]
    if value is None and type(None) in kinds:
        return None
    # An integer fits both int and float; the exact type is tried first, so bits and types stay.
    for kind in sorted(kinds, key=lambda k: k is not type(value)):
        if kind is type(None) or (kind is float and type(value) is int and int in kinds):
            continue
        if len(records) > 1 and kind in records and not _has_fields(kind, value):
            continue
        try:
            return from_json(kind, value)
        except (TypeError, ValueError, KeyError):
            continue
    raise TypeError(f"{value!r} fits none of {kinds}")


def _has_fields(kind: typing.Any, value: typing.Any) -> bool:
    return isinstance(value, dict) and value.keys() == _fields(kind)


@lru_cache(maxsize=256)
def _require_distinct(kinds: tuple[typing.Any, ...]) -> None:
    """Refuse a union of which two members look the same in JSON: one would come back as another."""
    seen: dict[object, object] = {}
    for kind in kinds:
        for form in _forms(kind):
            if form in seen:
                raise TypeError(f"{seen[form]} and {kind} in one union are alike in JSON")
            seen[form] = kind
    if Mapping in seen and any(dataclasses.is_dataclass(kind) for kind in kinds):
        raise TypeError(f"a mapping and a record in one union are alike in JSON: {kinds}")


def _forms(kind: typing.Any) -> set[object]:
    """Return the JSON forms of a type; an object's form is its keys, None when they are free."""
    if isinstance(kind, typing.NewType):
        return _forms(kind.__supertype__)
    origin = typing.get_origin(kind) or kind
    if origin is typing.Literal:
        return {(type(each), each) for each in typing.get_args(kind)}
    if dataclasses.is_dataclass(kind):
        return {_fields(typing.cast("type", kind))}
    if kind is bytes:
        return {frozenset({"bytes"})}
    if kind is float:
        return {float, frozenset({"float"})}
    if not isinstance(origin, type):
        raise TypeError(f"{kind} cannot be a member of a union")
    if issubclass(origin, Enum):
        return {type(each.value) for each in origin}
    if issubclass(origin, Mapping):
        return {Mapping}
    if issubclass(origin, tuple | frozenset):
        return {list}
    return {str} if issubclass(origin, date) else {origin}


@lru_cache(maxsize=256)
def _fields(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))


def _from_tuple(kinds: tuple[typing.Any, ...], value: typing.Any) -> tuple[object, ...]:
    _expect(list, value)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(from_json(kinds[0], item) for item in value)
    return tuple(from_json(kind, item) for kind, item in zip(kinds, value, strict=True))


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(kind)


def _from_object(kind: typing.Any, value: typing.Any) -> object:
    hints = _hints(kind)
    if not isinstance(value, dict):
        raise TypeError(f"expected an object for {kind.__name__}, got {value!r}")
    if unknown := value.keys() - _fields(kind):
        raise TypeError(f"{kind.__name__} has no field {sorted(unknown)}")
    return kind(**{name: from_json(hints[name], item) for name, item in value.items()})
