"""A file that is digested as it is read, and that may not change meanwhile."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mlwright.core.digest import Digest, from_raw
from mlwright.core.errors import DataError, NotFoundError, nearest


class SteadyFile:
    """An open file; what was read through it decides its digest and size.

    The same bytes are digested and parsed, so a digest never names what was not read.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self.size = 0
        self._file = file
        self._state = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """Return up to ``count`` bytes, all that are left by default; none at the end."""
        content = self._file.read(count)
        self._state.update(content)
        self.size += len(content)
        return content

    def head(self, count: int) -> bytes:
        """Return the first bytes, still to be read."""
        content = self._file.read(count)
        self._file.seek(0)
        return content

    def drain(self) -> None:
        """Read what is left, so that the digest is of all bytes."""
        for _ in iter(lambda: self.read(1 << 20), b""):
            pass

    def digest(self) -> Digest:
        """Return the digest of what was read."""
        return from_raw(self._state.digest())


@contextmanager
def steady(path: Path) -> Iterator[SteadyFile]:
    """Open a file that must be the same before and after.

    Raises
    ------
    NotFoundError
        ``source-missing``, with the nearest name in that folder.
    DataError
        ``source-not-a-file``, ``source-unreadable``; ``source-changed`` when size, time or inode
        differ at the end, also where half a change made the content itself look faulty.
    """
    with opened(path) as file:
        before = _mark(os.fstat(file.fileno()))
        source = SteadyFile(str(path), file)
        try:
            yield source
        except DataError as error:
            _unchanged(path, before, cause=error)
            raise
        _unchanged(path, before, cause=None)
        if source.size != before[0]:
            raise _changed(path, None)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file, or say in an error of ours why not.

    Raises
    ------
    NotFoundError, DataError
        ``source-missing``; ``source-not-a-file``, ``source-unreadable``.
    """
    try:
        # Looked at before opening: to open a named pipe would wait for whoever writes it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(
                "source-not-a-file",
                f"{path} is {'a folder' if path.is_dir() else 'not a regular file'}",
                fix="give the path of a file that holds a table",
                facts={"path": str(path)},
            )
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    with file:
        try:
            yield file
        except OSError as error:
            raise unreadable(path, error) from error


def _missing(path: Path) -> NotFoundError:
    folder = path.absolute().parent
    names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    close = nearest(path.name, names)
    return NotFoundError(
        "source-missing",
        f"there is no file {path}" + (f"; did you mean {close!r}?" if close else ""),
        fix="give the path of a file that holds a table",
        facts={"path": str(path), "nearest": close},
        looked=[str(folder)],
    )


def unreadable(path: Path, error: OSError | ValueError) -> DataError:
    """Return the error for a path that this user may not read."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return DataError(
        "source-unreadable",
        f"could not read {path}: {reason}",
        fix="give a file that this user may read",
        facts={"path": str(path), "reason": reason},
    )


def _mark(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _unchanged(path: Path, before: tuple[int, int, int], cause: DataError | None) -> None:
    try:
        after = _mark(path.stat())
    except OSError as error:
        raise _changed(path, error) from error
    if after != before:
        raise _changed(path, cause) from cause


def _changed(path: Path, cause: Exception | None) -> DataError:
    return DataError(
        "source-changed",
        f"{path} changed while it was read",
        fix="wait until whatever writes it has finished, or copy it first; then run again",
        facts={"path": str(path), "seen": str(cause) if cause else None},
    )
