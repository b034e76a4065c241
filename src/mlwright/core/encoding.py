"""Canonical encoding: tagged bytes for digests, and canonical JSON for what people read.

Tagged bytes tell types apart (``1``, ``1.0``, ``True`` and ``"1"`` differ), sort mappings and
sets, and keep a float to its last bit. A frozen dataclass is encoded with its name and its
fields, so that records of different names never share a digest; the module is left out, so that
moving a class changes no id. A field that a record gained later is no part of it at its default, so
that what was made before keeps its digest.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import struct
import typing
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from mlwright.core.digest import Digest, digest_bytes

_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def encode(value: object) -> bytes:
    """Return the canonical tagged bytes of a value.

    Raises
    ------
    TypeError
        When the value holds something that has no canonical form.

    >>> encode({"b": 1, "a": None}) == encode({"a": None, "b": 1})
    True
    >>> encode(1) == encode(1.0)
    False
    """
    out: list[bytes] = []
    _write(value, out)
    return b"".join(out)


LATER: Mapping[str, bool] = MappingProxyType({"later": True})
"""The metadata of a field that a record gained after values of it were stored."""

ABSENT: Mapping[str, bool] = MappingProxyType({"later": True, "absent": True})
"""The same of a field that is not written at its default either, so that a record that is made
again has the bytes it had before there was the field."""


def digest_of(value: object, *, tag: str) -> Digest:
    """Return the digest of a value's canonical bytes under a tag that names its kind."""
    return digest_bytes(_text(b"T", tag) + encode(value))


def _text(tag: bytes, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return tag + struct.pack(">Q", len(raw)) + raw


def _write(value: object, out: list[bytes]) -> None:
    if value is None:
        out.append(b"N")
    elif value is True:
        out.append(b"B1")
    elif value is False:
        out.append(b"B0")
    elif isinstance(value, Enum):
        out.append(_text(b"E", type(value).__qualname__))
        _write(value.value, out)
    elif isinstance(value, str):
        out.append(_text(b"S", value))
    elif isinstance(value, int):
        # Hexadecimal: Python refuses to write thousands of decimal digits.
        out.append(_text(b"I", format(value, "x")))
    elif isinstance(value, float):
        # One NaN: its payload carries no meaning and differs between processors.
        out.append(b"F" + struct.pack(">d", math.nan if math.isnan(value) else value))
    elif isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        out.append(b"Y" + struct.pack(">Q", len(raw)) + raw)
    elif isinstance(value, datetime):
        out.append(_text(b"D", value.isoformat(timespec="microseconds")))
    elif isinstance(value, date):
        out.append(_text(b"d", value.isoformat()))
    elif isinstance(value, list | tuple):
        out.append(b"L" + struct.pack(">Q", len(value)))
        for item in value:
            _write(item, out)
    elif isinstance(value, set | frozenset):
        items = sorted(encode(item) for item in value)
        out.append(b"U" + struct.pack(">Q", len(items)))
        out.extend(items)
    elif isinstance(value, Mapping):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        out.append(b"M" + struct.pack(">Q", len(pairs)))
        for key, item in pairs:
            out.append(key)
            out.append(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        late = _later_fields(type(value))
        names = [
            name
            for name in _field_names(type(value))
            if name not in late or getattr(value, name) != late[name]
        ]
        out.append(_text(b"R", type(value).__qualname__) + struct.pack(">Q", len(names)))
        for name in names:
            out.append(_text(b"S", name))
            _write(getattr(value, name), out)
    else:
        raise TypeError(f"{type(value).__qualname__} has no canonical encoding")


@lru_cache(maxsize=256)
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(sorted(f.name for f in dataclasses.fields(kind)))


@lru_cache(maxsize=256)
def _later_fields(kind: type) -> dict[str, object]:
    return {f.name: f.default for f in dataclasses.fields(kind) if f.metadata.get("later")}


def plain(value: object) -> object:
    """Return a value as JSON types: records become objects, enums their values.

    A float that JSON cannot write (NaN and the infinities) becomes null in documents for people;
    what must come back to the last bit uses :mod:`mlwright.core.records`.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _plain_object(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, bytes | bytearray | memoryview):
        return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__qualname__} has no JSON form")


def _plain_object(value: Mapping[typing.Any, object]) -> dict[str, object]:
    found = {str(plain(key)): plain(item) for key, item in value.items()}
    if len(found) != len(value):
        raise TypeError("two keys of a mapping are the same text in JSON")
    return found


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> bytes:
    """Return JSON bytes with sorted keys and no spaces.

    A lone surrogate, as in a file name that is no UTF-8, is written as its escape.

    Raises
    ------
    TypeError
        When the value holds what is not JSON, a key that is no text among it.
    ValueError
        When it holds a NaN, an infinity, an integer too long to write, or two surrogates that
        would be read back as one character.

    >>> canonical_json({"b": 1.5, "a": [True, None]})
    b'{"a":[true,null],"b":1.5}'
    """
    _require_text_keys(value)
    text = _JSON.encode(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        if _SURROGATE_PAIR.search(text):
            raise ValueError("a text holds a character split into two surrogates") from None
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _require_text_keys(value: object) -> None:
    # json.dumps would write 1 and None as texts, and sort them before it does.
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a JSON object has text keys, not {key!r}")
            if isinstance(item, dict | list | tuple):
                _require_text_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, dict | list | tuple):
                _require_text_keys(item)
