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


@contextmanager
def writers_turn(folder: Path) -> Iterator[None]:
    """Queue for ``folder`` with the writers of all processes, and keep the turn for the block.

    SQLite alone would have them poll, and starve some; its own lock stays the true guard. The
    system frees this one when its holder ends, however it ends. The file is opened each time, so
    that no fork shares it.
    """
    path = folder / "writer.lock"
    with disk_faults(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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
    table = [line.split(" ") for line in mounts.splitlines()]
    if not any(_NETWORK.fullmatch(of) for _, _, of, *_ in table):
        return None
    for _, place, of, *_ in table:
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place))
        # A later mount hides an earlier one at the same place.
        if folder.is_relative_to(point) and len(point.parts) >= len(found.parts):
            found, kind = point, of
    return kind if _NETWORK.fullmatch(kind) else None
