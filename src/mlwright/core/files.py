"""Files that survive a crash: staged, synced, renamed, the folder synced too."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from mlwright.core.chosen import chosen
from mlwright.core.errors import FaultError


def write_durably(
    target: Path, content: bytes, *, staging: Path | None = None, mode: int = 0o644
) -> None:
    """Write ``content`` so that ``target`` holds all of it or does not exist, even after a crash.

    Parameters
    ----------
    target
        Where the file ends; an existing file is replaced atomically.
    staging
        A folder on the same file system; what a crash leaves there is garbage, never read.
        Without one the target is a person's choice, staged in its own folder under a hidden name.

    Raises
    ------
    FaultError
        ``disk-full`` and ``permission-denied``.
    UsageError
        ``out-impossible`` for a person's choice where no file can be.
    """
    with disk_faults(target), chosen(target) if staging is None else nullcontext():
        make_folder_durably(target.parent)
        name = f"{os.getpid()}-{os.urandom(8).hex()}"
        if staging is None:
            staged = target.parent / f".mlwright-{name}"
        else:
            staging.mkdir(parents=True, exist_ok=True)
            staged = staging / name
        try:
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            try:
                view = memoryview(content)
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            staged.replace(target)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def file_named(text: str) -> Path | None:
    """Return the file a text names, None where it names none: it may be anything, of any length.

    >>> file_named("x" * 10_000) is None
    True
    """
    return _named(text, Path.is_file)


def folder_named(text: str) -> Path | None:
    """Return the folder a text names, None where it names none, as :func:`file_named` does."""
    return _named(text, Path.is_dir)


def _named(text: str, is_one: Callable[[Path], bool]) -> Path | None:
    path = Path(text)
    try:
        return path if is_one(path) else None
    except OSError:
        return None  # too long for a name, or in a folder that may not be read


def make_folder_durably(folder: Path) -> None:
    """Make a folder and those above it; without a sync of the one above, a crash loses it."""
    if folder.is_dir():
        return
    make_folder_durably(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_CAUSES = {
    errno.ENOSPC: ("disk-full", "the disk is full", "free space on that file system"),
    errno.EDQUOT: ("disk-full", "the disk quota is used up", "free space or raise the quota"),
    errno.EFBIG: ("disk-full", "a file size limit was reached", "raise the limit (ulimit -f)"),
    errno.EACCES: ("permission-denied", "writing is not permitted", "change the folder's owner"),
    errno.EPERM: ("permission-denied", "writing is not permitted", "change the folder's owner"),
    errno.EROFS: ("permission-denied", "the file system is read-only", "choose another --project"),
}


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn the machine's refusals to write into coded errors that name the path."""
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0)
        if cause is None:
            raise
        code, what, fix = cause
        raise FaultError(
            code,
            f"could not write {path}: {what}",
            fix=f"{fix}, then run the same command again: it goes on where it stopped",
            facts={"path": str(path), "errno": error.errno},
        ) from error
