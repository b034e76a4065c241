"""Values to bytes and back, canonically and without pickle: what passes from step to step.

A record is its canonical JSON, a JSON value too; a class may say itself what its bytes are, by
``to_bytes`` and ``from_bytes``. Everything else is a container: one line that
names the format, one line of canonical JSON that describes the value, and after it the raw
bytes of arrays and columns. Equal values give equal bytes; a step is always handed what was read
back, so that a first run and one from the cache see the same.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import typing
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from importlib import import_module

from mlwright.core import records
from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, UsageError

JSON = "json"
CONTAINER = "container"
_MAGIC = b"mlwright artefact 1\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Artefact:
    """A value as bytes.

    ``kind`` is ``json``, ``container`` or a record's ``module:qualname``. ``digest`` names the
    bytes, ``content`` what they mean: a record with a digest of its own is known by that.
    """

    kind: str
    content: Digest
    digest: Digest
    raw: bytes


def pack(value: object) -> Artefact:
    """Return a value as an artefact.

    Raises
    ------
    UsageError
        ``artefact-type`` when the value, or something in it, has no canonical form.
    """
    kind, raw = _encode(value)
    digest = digest_bytes(raw)
    own = getattr(value, "digest", None) if dataclasses.is_dataclass(value) else None
    content = Digest(own) if isinstance(own, str) and own.startswith("sha256:") else digest
    return Artefact(kind, content, digest, raw)


def unpack(kind: str, raw: bytes) -> object:
    """Return the value of an artefact of a kind that :func:`pack` wrote."""
    if kind in (JSON, CONTAINER):
        return decode(raw)
    return decode(raw, _named(kind, None))


def encode(value: object) -> bytes:
    """Return the canonical bytes of a record, JSON value, bytes, array or frame.

    >>> encode({"b": 1.5, "a": [True, None]})
    b'{"a":[true,null],"b":1.5}'
    """
    return _encode(value)[1]


def decode(content: bytes, kind: object = None) -> object:
    """Return the value :func:`encode` wrote; ``kind`` is its type, needed for a record alone.

    >>> decode(encode((1, {"a"})))
    (1, {'a'})
    """
    if content.startswith(_MAGIC):
        return _open(content, kind)
    if kind is None or kind is typing.Any or kind is object:
        return json.loads(content)
    return records.from_json(kind, json.loads(content))


def names_classes(content: bytes) -> bool:
    """Tell whether the bytes of a container name classes: reading them imports their modules."""
    head = content[len(_MAGIC) : content.index(b"\n", len(_MAGIC))]
    return b'"record":' in head or b'"enum":' in head


def _encode(value: object) -> tuple[str, bytes]:
    if _is_json(value):
        return JSON, canonical_json(value)
    if _is_record(value):
        try:
            raw = records.dump(value)
            records.load(type(value), raw)
        except (TypeError, ValueError, KeyError, NameError):
            pass  # A record that holds arrays, or types the record form cannot restore.
        else:
            return _name_of(type(value)), raw
    blobs: list[bytes] = []
    tree = _tree(value, blobs)
    head = canonical_json({"blobs": [len(blob) for blob in blobs], "value": tree})
    return CONTAINER, b"".join((_MAGIC, head, b"\n", *blobs))


def _open(content: bytes, kind: object) -> object:
    end = content.index(b"\n", len(_MAGIC))
    head = json.loads(content[len(_MAGIC) : end])
    blobs, start = [], end + 1
    for length in head["blobs"]:
        blobs.append(content[start : start + length])
        start += length
    return _value(head["value"], blobs, kind)


def _is_record(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _is_json(value: object) -> bool:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return True
    if kind is float:
        return math.isfinite(typing.cast("float", value))
    if kind is list:
        return all(map(_is_json, typing.cast("list[object]", value)))
    if kind is dict:
        items = typing.cast("dict[object, object]", value).items()
        return all(type(key) is str and _is_json(item) for key, item in items)
    return False


def is_own(kind: type) -> bool:
    """Tell whether a class says itself what its bytes are: ``to_bytes`` and ``from_bytes``."""
    both = (getattr(kind, "to_bytes", None), getattr(kind, "from_bytes", None))
    return all(map(callable, both)) and not issubclass(kind, int)


def _name_of(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _tree(value: object, blobs: list[bytes]) -> object:
    """Return what describes a value: scalars as they are, everything else a tagged object."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        number = typing.cast("float", value)
        return number if math.isfinite(number) else {"float": repr(number)}
    if isinstance(value, Enum):
        return {"enum": _name_of(kind), "value": _tree(value.value, blobs)}
    if kind in (list, tuple):
        items = typing.cast("list[object]", value)
        return {kind.__name__: [_tree(item, blobs) for item in items]}
    if kind in (set, frozenset):
        members = typing.cast("set[object]", value)
        return {kind.__name__: sorted((_tree(m, []) for m in members), key=canonical_json)}
    if isinstance(value, Mapping) and (kind is dict or kind.__module__ == "types"):
        keyed = sorted(
            ((_tree(key, []), item) for key, item in value.items()),
            key=lambda pair: canonical_json(pair[0]),
        )
        return {"map": [[key, _tree(item, blobs)] for key, item in keyed]}
    if kind in (bytes, bytearray):
        blobs.append(bytes(typing.cast("bytes", value)))
        return {kind.__name__: len(blobs) - 1}
    if _is_record(value):
        names = sorted(f.name for f in dataclasses.fields(typing.cast("typing.Any", value)))
        fields = {name: _tree(getattr(value, name), blobs) for name in names}
        return {"record": _name_of(kind), "fields": fields}
    if (written := _text_of(value)) is not None:
        return written
    if is_own(kind):
        blobs.append(bytes(typing.cast("typing.Any", value).to_bytes()))
        return {"own": _name_of(kind), "value": len(blobs) - 1}
    return _heavy(value, blobs)


def _text_of(value: object) -> object:
    if isinstance(value, datetime):
        # A zone by name has rules that change between versions of its database.
        if value.tzinfo is None or type(value.tzinfo) is timezone:
            return {"datetime": value.isoformat()}
        return None
    if type(value) is date:
        return {"date": value.isoformat()}
    if type(value) is timedelta:
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if type(value) is complex:
        return {"complex": [repr(value.real), repr(value.imag)]}
    if type(value) is Decimal:
        return {"decimal": str(value)}
    return None


def _heavy(value: object, blobs: list[bytes]) -> object:
    library = type(value).__module__.partition(".")[0]
    if library in ("numpy", "polars") and library in sys.modules:
        from mlwright.run import columns

        described = columns.describe(value, blobs, _tree)
        if described is not None:
            return described
    raise UsageError(
        "artefact-type",
        f"a value of type {_name_of(type(value))} cannot pass from step to step: it has no "
        "canonical bytes",
        fix="return a record (a dataclass), JSON values, bytes, a numpy array, a polars frame, or "
        "give the class to_bytes() and a class method from_bytes(bytes)",
        facts={"type": _name_of(type(value))},
    )


def _value(tree: typing.Any, blobs: list[bytes], hint: object) -> object:
    if not isinstance(tree, dict):
        return tree
    tag = next(iter(tree.keys() - {"value", "fields"}))
    held = tree[tag]
    if tag in ("list", "tuple", "set", "frozenset"):
        hints = typing.get_args(hint)
        several = tag == "tuple" and len(hints) == len(held) and Ellipsis not in hints
        items = [
            _value(item, blobs, hints[i] if several else hints[0] if hints else None)
            for i, item in enumerate(held)
        ]
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[tag](items)
    if tag == "map":
        hints = typing.get_args(hint)
        inner = hints[1] if len(hints) == 2 else None
        return {_value(k, blobs, None): _value(item, blobs, inner) for k, item in held}
    if tag == "record":
        return _record(_named(held, hint), tree["fields"], blobs)
    if tag == "own":
        return typing.cast("typing.Any", _named(held, hint)).from_bytes(blobs[tree["value"]])
    if tag == "enum":
        return _enumerated(held, hint)(_value(tree["value"], blobs, None))
    if tag in _READ:
        return _READ[tag](held, blobs)
    from mlwright.run import columns

    return columns.restore(tag, held, blobs, _value)


_READ: dict[str, typing.Callable[[typing.Any, list[bytes]], object]] = {
    "float": lambda held, _: float(held),
    "bytes": lambda held, blobs: blobs[held],
    "bytearray": lambda held, blobs: bytearray(blobs[held]),
    "datetime": lambda held, _: datetime.fromisoformat(held),
    "date": lambda held, _: date.fromisoformat(held),
    "timedelta": lambda held, _: timedelta(*held),
    "complex": lambda held, _: complex(float(held[0]), float(held[1])),
    "decimal": lambda held, _: Decimal(held),
}


def _enumerated(name: str, hint: object) -> typing.Callable[[object], object]:
    """Return an enumeration by its name; a stored value may call nothing else."""
    found = _named(name, hint)
    if isinstance(found, type) and issubclass(found, Enum):
        return found
    raise BrokenError(
        "artefact-class-missing",
        f"an artefact holds a value of the enumeration {name}, which is none",
        fix="use the version of the code that wrote it, or run the step again",
        facts={"class": name},
        looked=[f"module {name.partition(':')[0]}"],
    )


def _record(kind: type, fields: dict[str, typing.Any], blobs: list[bytes]) -> object:
    try:
        hints = typing.get_type_hints(kind)
    except NameError:  # Annotations for the type checker alone: the written names must do.
        hints = {}
    values = {name: _value(each, blobs, hints.get(name)) for name, each in fields.items()}
    given = {f.name for f in dataclasses.fields(kind) if f.init}
    made = kind(**{name: value for name, value in values.items() if name in given})
    for name in values.keys() - given:
        object.__setattr__(made, name, values[name])
    return made


def _named(name: str, hint: object) -> type:
    """Return the class of a written name; a hint finds one that has moved since."""
    module, _, qualname = name.partition(":")
    for candidate in (hint, *typing.get_args(hint)):
        if isinstance(candidate, type) and candidate.__qualname__ == qualname:
            return candidate
    try:
        found: typing.Any = import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise BrokenError(
            "artefact-class-missing",
            f"an artefact holds a {name}, and there is no such class now",
            fix="use the version of the code that wrote it, or run the step again",
            facts={"class": name},
            looked=[f"module {module}"],
        ) from error
    return typing.cast("type", found)
