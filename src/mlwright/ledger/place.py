"""Where a ledger may lie, and the queue of those who write to it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlwright.core.errors import RefusedError
from mlwright.core.files import disk_faults

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = re.compile(
    r"(fuse\.)?(nfs\d?|cifs|smb\w*|sshfs|afs|ceph|lustre|gluster\w*|beegfs|gpfs|panfs|davfs2?|ncpfs"
    r"|s3fs|rclone|gcsfuse|blobfuse2?|juicefs)"
)


class WriterLock:
    """A lock file in which the writers of all processes queue.

    SQLite alone would have them poll, and starve some; its own lock stays the true guard. The
    system frees the lock when its holder ends, however it ends.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "writer.lock"
        self._descriptor: int | None = None
        self._process = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the turn and keep it until the block ends."""
        descriptor = self._open()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give up the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        # A lock taken over a fork would be held by parent and child at once.
        if self._descriptor is None or self._process != os.getpid():
            with disk_faults(self._path):
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o644)
            self._process = os.getpid()
        return self._descriptor


def refuse_network(folder: Path) -> None:
    """Refuse a folder on a network file system, where SQLite's locks and WAL do not hold.

    Raises
    ------
    RefusedError
        ``ledger-on-network``, naming the file system.
    """
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return  # no such table on this system: nothing to look at
    if kind := network_kind(folder.resolve(), mounts):
        raise RefusedError(
            "ledger-on-network",
            f"{folder} lies on a network file system ({kind}), where a ledger can be damaged",
            fix="keep the project on a local disk: --project DIR",
            facts={"folder": str(folder), "kind": kind},
            looked=(str(_MOUNTS),),
        )


def network_kind(folder: Path, mounts: str) -> str | None:
    """Return the kind of the network file system ``folder`` lies on, or None when it is local.

    Parameters
    ----------
    mounts
        The system's table: device, place, kind and options of each mount, one a line.
    """
    found, kind = Path("/"), ""
    for line in mounts.splitlines():
        _, place, of, *_ = line.split(" ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place))
        # A later mount hides an earlier one at the same place.
        if folder.is_relative_to(point) and len(point.parts) >= len(found.parts):
            found, kind = point, of
    return kind if _NETWORK.fullmatch(kind) else None
