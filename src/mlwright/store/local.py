"""Objects as files in a folder: ``objects/ab/cdef…``, staged first, moved aside when corrupt."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from mlwright.core.digest import Digest, digest_bytes, digest_file, from_raw, hex_of
from mlwright.core.files import disk_faults, sync_folder, write_durably
from mlwright.store import refusals

_CHUNK = 1 << 20
_REST = re.compile("[0-9a-f]{62}")

_MOST = 10_000
_TICK = 100_000_000  # nanoseconds: a file this young may change once more at the same time

State = tuple[int, int, int, int]

_DURABLE: dict[Path, State] = {}
"""The state of files that this process has compared with their content and synced."""


class LocalStore:
    """A store in a folder of its own; several processes may use it at once.

    Parameters
    ----------
    folder
        Holds ``objects/``, ``staging/`` (what a crash left, never read) and ``quarantine/``.
    writable
        Without it nothing in the folder is ever changed, and nothing made.
    """

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self.folder = folder
        self._writable = writable
        self._objects = folder / "objects"
        self._verified: dict[Digest, State] = {}

    def put(self, content: bytes) -> Digest:
        """Keep ``content`` and return its name; on return it survives a crash."""
        if not self._writable:
            raise refusals.read_only(str(self.folder))
        digest = digest_bytes(content)
        path = self._path(digest)
        state = _state(path)
        if state is not None and _DURABLE.get(path) == state:
            return digest
        found = _holds(path, content)
        if found:
            # Whoever wrote it may not have come to its own sync yet.
            with disk_faults(path):
                sync_folder(path.parent)
            _remember(path, state)
            return digest
        if found is False:
            self._quarantine(path, digest)
        write_durably(path, content, staging=self.folder / "staging", mode=0o444)
        return digest

    def get(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``, verified; corrupt ones go to quarantine first."""
        path = self._path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise refusals.missing(digest, [str(path)]) from None
        except OSError as error:
            raise refusals.unreadable(digest, error, str(path)) from error
        if digest_bytes(content) != digest:
            lies = self._quarantine(path, digest) if self._writable else path
            raise refusals.corrupt(digest, content, str(lies))
        return content

    def held(self, digest: Digest) -> Path:
        """Return the file of an object, read through where it was not before or has changed."""
        path = self._path(digest)
        try:
            state = _state_of(path.stat())
        except OSError:
            self.get(digest)  # says what is wrong
            raise
        if self._verified.get(digest) != state:
            if digest_file(path) != digest:
                self.get(digest)  # says so, and moves it aside
            self._verified[digest] = state
        return path

    def has(self, digest: Digest) -> bool:
        """Tell whether there is an object of that name; its bytes are not read."""
        return self._path(digest).is_file()

    def digests(self) -> Iterator[Digest]:
        """Give the name of every object, in order."""
        for folder in sorted(self._objects.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if _REST.fullmatch(path.name):
                    yield from_raw(bytes.fromhex(folder.name + path.name))

    def read_only(self) -> LocalStore:
        """Return the same objects, seen without ever changing anything."""
        return LocalStore(self.folder, writable=False)

    def _path(self, digest: Digest) -> Path:
        name = hex_of(digest)
        return self._objects.joinpath(name[:2], name[2:])

    def _quarantine(self, path: Path, digest: Digest) -> Path:
        """Move a corrupt object aside and return where it lies now."""
        quarantine = self.folder / "quarantine"
        target = quarantine / f"{hex_of(digest)}-{os.urandom(4).hex()}"
        with disk_faults(quarantine):
            quarantine.mkdir(exist_ok=True)
            try:
                path.rename(target)
            except FileNotFoundError:
                return quarantine  # another reader was faster
            sync_folder(quarantine)
            if digest_file(target) == digest:
                # Another process healed it after we looked: what we moved is the true one.
                target.rename(path)
            sync_folder(path.parent)
        return target


def _state_of(found: os.stat_result) -> State:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _state(path: Path) -> State | None:
    """Return what tells that a file is the one it was; None where it cannot be looked at."""
    try:
        return _state_of(path.stat())
    except OSError:
        return None


def _remember(path: Path, state: State | None) -> None:
    if state is None or time.time_ns() - state[-1] < _TICK:
        return
    if len(_DURABLE) >= _MOST:
        _DURABLE.clear()
    _DURABLE[path] = state


def _holds(path: Path, content: bytes) -> bool | None:
    """Tell whether the file holds exactly ``content``; None when there is no file."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != len(content):
                return False
            view = memoryview(content)
            return all(
                file.read(_CHUNK) == view[start : start + _CHUNK]
                for start in range(0, len(content), _CHUNK)
            )
    except FileNotFoundError:
        return None
