"""The socket that is listened on, and the one turn a project has to be served."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from mlwright.core.errors import FaultError, UsageError
from mlwright.core.files import disk_faults, make_folder_durably

_WAITING = 2048  # connections the system keeps for us while every worker is busy or starting
_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn to serve a project; ``orphaned`` where the last one to have it was killed.

    Its workers may then still hold the port for the moment they need to notice.
    """

    orphaned: bool


@contextmanager
def serving_turn(folder: Path) -> Iterator[Turn]:
    """Keep the turn to serve a project for the block; the system frees it however we end.

    Raises
    ------
    UsageError
        ``serve-running`` when another process has it, naming that one.
    """
    path = folder / "serving.lock"
    with disk_faults(path):
        make_folder_durably(folder)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _running(path, _said(descriptor)) from None
        orphaned = bool(_said(descriptor))
        with disk_faults(path):
            _say(descriptor, {"pid": os.getpid()})
        yield Turn(orphaned)
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _say(descriptor: int, document: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(document).encode(), 0)


def _said(descriptor: int) -> dict[str, object]:
    try:
        document = json.loads(os.pread(descriptor, 1000, 0) or b"{}")
    except ValueError:
        return {"pid": None}  # it was killed while it wrote
    return document if isinstance(document, dict) else {}


def _running(path: Path, said: dict[str, object]) -> UsageError:
    pid = said.get("pid")
    return UsageError(
        "serve-running",
        f"this project is being served already, by process {pid or 'unknown'}",
        fix=f"use that one, or end it first: kill {pid}" if pid else "end that one first",
        facts={"pid": pid},
        looked=[str(path)],
    )


def listen(host: str, port: int, *, option: str, patience: float = 0.0) -> socket.socket:
    """Return a socket that listens at ``host``; port 0 takes a free one.

    Parameters
    ----------
    option
        What gives another port, such as ``--port``: named where this one is taken.
    patience
        For how many seconds a taken port is tried again.

    Raises
    ------
    FaultError
        ``port-taken``, or ``listen-failed`` for an address or port that cannot be had.
    """
    until = monotonic() + patience
    while True:
        try:
            return _bound(host, port)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            if not taken or monotonic() >= until:
                raise _cannot_listen(host, port, option, error, taken=taken) from error
        sleep(_AGAIN)


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_WAITING)
    except BaseException:
        listener.close()
        raise
    return listener


def _cannot_listen(
    host: str, port: int, option: str, error: Exception, *, taken: bool
) -> FaultError:
    facts = {"host": host, "port": port}
    if taken:
        return FaultError(
            "port-taken",
            f"port {port} of {host} is taken by another program",
            fix=f"choose another: {option} {port + 10 if port < 65000 else 7700}, "
            f"or {option} 0 for a free one",
            facts=facts,
        )
    why = error.strerror if isinstance(error, OSError) else "a port is at most 65535"
    return FaultError(
        "listen-failed",
        f"cannot listen at {host}, port {port}: {why}",
        fix=f"give an address of this machine with --host, and a port you may use with {option}",
        facts=facts,
    )


def address(host: str, listener: socket.socket) -> str:
    """Return the address people use to reach a listener from this machine."""
    return web_address(host, listener.getsockname()[1])


def web_address(host: str, port: int) -> str:
    """Return the address of a port as people write it; every interface is reached by this one.

    >>> web_address("0.0.0.0", 7700), web_address("::1", 80)
    ('http://127.0.0.1:7700', 'http://[::1]:80')
    """
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  read, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
