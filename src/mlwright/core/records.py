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


def dump(record: object) -> bytes:
    """Return a frozen dataclass as canonical JSON bytes.

    Floats JSON cannot write become ``{"float": "nan" | "inf" | "-inf"}``; all others are written
    in the shortest form that reads back to the same bits. Bytes become ``{"bytes": hex}``.
    """
    return canonical_json(to_json(record))


def load(kind: type[R], raw: bytes) -> R:
    """Return the record of type ``kind`` that :func:`dump` wrote."""
    return typing.cast("R", from_json(kind, json.loads(raw)))


def to_json(value: object) -> object:
    """Return a value as JSON types from which :func:`from_json` restores it."""
    if isinstance(value, Enum):
        return to_json(value.value)
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((to_json(item) for item in value), key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__qualname__} cannot be a field of a record")


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
        return value
    if origin in (typing.Union, types.UnionType):
        return _from_union(typing.get_args(kind), value)
    if origin is tuple:
        return _from_tuple(typing.get_args(kind), value)
    if origin is frozenset:
        (item,) = typing.get_args(kind)
        return frozenset(from_json(item, each) for each in value)
    if origin is not None and issubclass(origin, Mapping):
        item = typing.get_args(kind)[1]
        return {key: from_json(item, each) for key, each in value.items()}
    if dataclasses.is_dataclass(kind):
        return _from_object(kind, value)
    if kind is float:
        return _float(value)
    if kind is bytes:
        return bytes.fromhex(value["bytes"])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    if kind is type(None):
        if value is not None:
            raise TypeError(f"expected null, got {value!r}")
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise TypeError(f"expected {kind.__name__}, got {value!r}")
    return value


def _loose(value: typing.Any) -> object:
    if isinstance(value, dict):
        if set(value) == {"float"}:
            return float(value["float"])
        if set(value) == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        return {key: _loose(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_loose(item) for item in value)
    return value


def _float(value: typing.Any) -> float:
    if isinstance(value, dict):
        return float(value["float"])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, got {value!r}")
    return float(value)


def _from_union(kinds: tuple[typing.Any, ...], value: typing.Any) -> object:
    if value is None and type(None) in kinds:
        return None
    # An integer fits both int and float; the exact type is tried first, so bits and types stay.
    for kind in sorted(kinds, key=lambda k: k is not type(value)):
        if kind is type(None) or (kind is float and type(value) is int and int in kinds):
            continue
        try:
            return from_json(kind, value)
        except (TypeError, ValueError, KeyError):
            continue
    raise TypeError(f"{value!r} fits none of {kinds}")


def _from_tuple(kinds: tuple[typing.Any, ...], value: typing.Any) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {value!r}")
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
    if unknown := set(value) - set(hints):
        raise TypeError(f"{kind.__name__} has no field {sorted(unknown)}")
    return kind(**{name: from_json(hints[name], item) for name, item in value.items()})
