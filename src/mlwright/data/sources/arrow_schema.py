"""A schema as Arrow's C interface hands it over: names, formats and what extensions say.

Polars reads a stream's schema with its rows only, and panics on a type it has no counterpart for;
here the schema is looked at before any row is asked for.
"""

from __future__ import annotations

import ctypes
import json
import struct
from dataclasses import dataclass
from typing import Protocol


class HandsOverSchema(Protocol):
    """Whatever speaks Arrow's PyCapsule interface for schemas."""

    def __arrow_c_schema__(self) -> object:
        """Return a capsule named ``arrow_schema``."""


@dataclass(frozen=True, slots=True)
class ArrowField:
    """A column's name, its format in Arrow's letters, and a database's own type where it says.

    ``foreign`` is a type Arrow has none for; ``stated`` is the database's name of any type.
    """

    name: str
    format: str
    foreign: str | None
    stated: str | None = None


class _Schema(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
]
# The struct goes on with what only its owner needs.

_pointer_in = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_in.restype = ctypes.c_void_p
_pointer_in.argtypes = [ctypes.py_object, ctypes.c_char_p]


def fields_of(schema: HandsOverSchema) -> list[ArrowField]:
    """Return the columns of a table's schema."""
    capsule = schema.__arrow_c_schema__()
    whole = ctypes.cast(_pointer_in(capsule, b"arrow_schema"), ctypes.POINTER(_Schema)).contents
    return [_field(whole.children[place].contents) for place in range(whole.n_children)]


def _field(child: _Schema) -> ArrowField:
    said = _metadata(child.metadata)
    extension = said.get("ARROW:extension:name")
    foreign = extension.removeprefix("arrow.") if extension is not None else None
    if extension == "arrow.opaque":
        foreign = str(json.loads(said["ARROW:extension:metadata"])["type_name"])
    name = (child.name or b"").decode()
    return ArrowField(name, child.format.decode(), foreign, said.get("POSTGRESQL:type"))


def _metadata(address: int | None) -> dict[str, str]:
    """Return names and values: a count, then each with its length before it."""
    if not address:
        return {}
    (pairs,) = struct.unpack("=i", ctypes.string_at(address, 4))
    place = address + 4
    texts = []
    for _ in range(2 * pairs):
        (length,) = struct.unpack("=i", ctypes.string_at(place, 4))
        texts.append(ctypes.string_at(place + 4, length).decode())
        place += 4 + length
    return dict(zip(texts[::2], texts[1::2], strict=True))
