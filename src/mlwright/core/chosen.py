"""A place that a person chose for a file, and where no file can be."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlwright.core.errors import UsageError

_IMPOSSIBLE = {
    errno.ENOENT: "a folder on the way is missing and cannot be made",
    errno.ENOTDIR: "a file stands where a folder would have to",
    errno.EEXIST: "a file stands where a folder would have to",
    errno.EISDIR: "it is a folder",
    errno.ENOTEMPTY: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead in a ring",
}


@contextmanager
def chosen(path: Path) -> Iterator[None]:
    """Turn a place where no file can be into an error of whoever chose it."""
    try:
        yield
    except OSError as error:
        why = _IMPOSSIBLE.get(error.errno or 0)
        if why is None:
            raise
        raise UsageError(
            "out-impossible",
            f"nothing can be written to {path}: {why}",
            fix="choose another file",
            facts={"path": str(path), "errno": error.errno},
        ) from error
