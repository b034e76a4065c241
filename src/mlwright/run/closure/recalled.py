"""What code refers to, kept between processes: the same code object is not taken apart twice.

A memory, no record: the file may be deleted at any time, and one that was made by another Python,
by another version of the reading, or that is damaged, is not used. What is looked up is the whole
code object, so that no edit can be missed.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

from mlwright.core.digest import digest_bytes
from mlwright.core.errors import MlwrightError
from mlwright.core.files import write_durably

_MADE_BY = digest_bytes(
    (Path(__file__).with_name("bytecode.py").read_bytes()) + Path(__file__).read_bytes()
)
_MOST = 50_000
"""Code objects: from there on those that were not asked for by this process are dropped."""

_SIZE = 32

Told = tuple[Any, ...]


class Recalled:
    """What is known of code objects, by the digest of each."""

    def __init__(self) -> None:
        self._known: dict[bytes, Told] = {}
        self._asked: dict[bytes, Told] = {}
        self._paths: set[Path] = set()
        self._new = 0

    def open(self, path: Path) -> None:
        """Recall what is kept at ``path``, once a process."""
        if path in self._paths:
            return
        self._paths.add(path)
        with suppress(OSError, ValueError, EOFError, TypeError):
            raw = path.read_bytes()
            if hashlib.sha256(raw[_SIZE:]).digest() == raw[:_SIZE]:
                made_by, python, known = marshal.loads(raw[_SIZE:])  # noqa: S302 - our own
                if (made_by, python) == (_MADE_BY, sys.version):
                    self._known |= known

    def keep(self, path: Path) -> None:
        """Keep what this process has learnt at ``path``; other processes' notes may be lost."""
        if not self._new:
            return
        known = self._asked if len(self._known) > _MOST else self._known
        body = marshal.dumps((_MADE_BY, sys.version, known), 2)
        raw = hashlib.sha256(body).digest() + body
        with suppress(MlwrightError):  # a full disk says so where something would be lost
            write_durably(path, raw, staging=path.parent)
        self._new = 0

    def look_up(self, name: bytes) -> Told | None:
        """Return what is known of a code object."""
        found = self._known.get(name)
        if found is not None:
            self._asked[name] = found
        return found

    def learn(self, name: bytes, told: Told) -> None:
        """Note what was found out about a code object."""
        self._known[name] = self._asked[name] = told
        self._new += 1


RECALLED = Recalled()
"""The memory of this process."""


def name_of(code: CodeType) -> bytes:
    """Return the digest of a code object: its place and its lines count, as all else of it."""
    # Version 2 writes equal code alike; later ones tell which texts are the same object.
    return hashlib.sha256(marshal.dumps(code, 2)).digest()
