"""The control plane as a process: a socket, a server on it, and an end when its parent ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from mlwright import __version__
from mlwright.serve.listening import listen
from mlwright.server.app import make_app
from mlwright.server.control import Control
from mlwright.server.records import Place
from mlwright.server.watch import Watch

if TYPE_CHECKING:
    from mlwright.api.project import Project

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


def serve_pages(
    folder: Path,
    place: Place,
    *,
    predict_at: str | None,
    parent: int | None,
    ready: Callable[[Place], None],
) -> int | None:
    """Serve the pages of the project in ``folder`` until told to stop; return by which signal.

    Then the port is free at once, and what was asked for, a proof too, is answered first. Where
    its parent ended there was no signal.

    Parameters
    ----------
    predict_at
        The data plane's address, shown where a prediction can be asked for.
    parent
        The read end of a pipe whose other end a parent holds: when that ends, so does this.
    ready
        Called with the place, its port filled in, once requests are taken.

    Raises
    ------
    FaultError
        ``port-taken``, ``listen-failed``.
    """
    from mlwright.api.project import Project

    def opened() -> Project:
        return Project.open(folder, environ=os.environ)

    with listen(place.host, place.port, option="--port") as listener, opened() as project:
        control = Control(
            project=project,
            writable=opened,
            watch=Watch(project.examine, project.workspace.seam),
            predict_at=predict_at,
            version=__version__,
        )
        config = uvicorn.Config(
            make_app(control, names=(*LOCAL_NAMES, place.host, *place.names)),
            log_level="warning",
            access_log=False,
            server_header=False,
        )
        server = _Server(config)
        ready(replace(place, port=listener.getsockname()[1]))
        asyncio.run(_served(server, listener, parent))
    return server.asked


class _Server(uvicorn.Server):
    """A server whose end, by Ctrl-C or by SIGTERM, is no error: it finishes and returns."""

    asked: int | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the two signals; uvicorn would send them to us again once it has ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end, number)
        yield

    def _end(self, number: int) -> None:
        self.asked = number
        self.force_exit = self.should_exit  # the second time at once
        self.should_exit = True


async def _served(server: uvicorn.Server, listener: socket.socket, parent: int | None) -> None:
    loop = asyncio.get_running_loop()
    if parent is not None:

        def ended() -> None:
            loop.remove_reader(parent)
            server.should_exit = True

        loop.add_reader(parent, ended)
    await server.serve(sockets=[listener])
