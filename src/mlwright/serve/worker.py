"""A worker process: answers on the socket it inherits until it is told to leave."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvloop

from mlwright.core.errors import MlwrightError
from mlwright.core.seam import Seam, SystemSeam
from mlwright.serve.app import App
from mlwright.serve.clock import http_date
from mlwright.serve.config import WorkerConfig, read_config
from mlwright.serve.connection import LOOKS_EVERY, Connections
from mlwright.serve.guard import policy_of
from mlwright.serve.journal import Journal
from mlwright.serve.metrics import Meters
from mlwright.serve.records import Durability, JournalLimits
from mlwright.serve.roles import Endpoints
from mlwright.store.local import LocalStore

_ROLES_EVERY = 0.1
_BACKLOG = 2048
_READY = b"ready\n"


def main(arguments: list[str]) -> None:
    """Serve as the config file says that is named in the arguments."""
    config = read_config(Path(arguments[0]))
    try:
        uvloop.run(serve(config, SystemSeam()))
    except Exception as error:
        _tell(error)
        raise SystemExit(1) from error


async def serve(config: WorkerConfig, seam: Seam) -> None:
    """Answer until SIGTERM, SIGINT or the end of the supervisor; then finish what was begun."""
    loop = asyncio.get_running_loop()
    settings = config.settings
    policy = policy_of(settings)
    endpoints = Endpoints(
        Path(config.roles),
        LocalStore(Path(config.store), writable=False),
        policy=policy,
        only=config.only,
        slow_queue=settings.slow_queue,
        timeout=settings.timeout,
        tell=_tell,
    )
    endpoints.refresh()
    durability = Durability(settings.log)
    journal = None
    if durability is not Durability.OFF:
        journal = Journal(
            Path(config.records),
            durability=durability,
            policy=policy,
            environment=config.environment,
            seam=seam,
            limits=JournalLimits(
                queue_records=settings.queue,
                queue_bytes=int(settings.queue_size),
                segment_rows=settings.seal_rows,
                segment_age=settings.seal_after,
            ),
            loop=loop,
        )
        journal.start()
    meters = Meters(Path(config.metrics), config.worker)
    app = App(
        endpoints,
        journal,
        meters,
        log=settings.log,
        timeout=settings.timeout,
        most_bytes=int(settings.max_body),
        most_held=int(settings.queue_size),
        folder=Path(config.metrics),
        worker=config.worker,
        seam=seam,
        host=settings.host,
        loop=loop,
    )
    connections = Connections(app, timeout=settings.timeout, now=seam.elapsed, loop=loop)
    listener = socket.socket(fileno=config.fd)
    told_to_leave = asyncio.Event()

    def leave() -> None:
        app.draining = True
        told_to_leave.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    loop.add_reader(config.parent_fd, _parent_spoke, config.parent_fd, leave)
    # What was loaded lives as long as the worker: never look at it again.
    gc.collect()
    gc.freeze()
    connections.look(http_date(seam.now()))
    watchers = [
        asyncio.create_task(_watch(app, connections, seam)),
        asyncio.create_task(_follow(endpoints)),
    ]
    server = await loop.create_server(connections.open, sock=listener, backlog=_BACKLOG)
    _say_ready(config.parent_fd)
    await told_to_leave.wait()
    server.close()
    await connections.leave(max(1.0, settings.drain))
    app.close()
    for watcher in watchers:
        watcher.cancel()
    if journal is not None:
        await journal.close()
    meters.close()


async def _watch(app: App, connections: Connections, seam: Seam) -> None:
    """End what takes too long, for as long as the worker lives."""
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        try:
            connections.look(http_date(seam.now()))
            app.gauge()
        except Exception as error:  # noqa: BLE001 - the top of a task, which has to go on
            _tell(error)


async def _follow(endpoints: Endpoints) -> None:
    """Load what becomes live, beside the loop, for as long as the worker lives."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_ROLES_EVERY)
        try:
            if endpoints.changed():
                await loop.run_in_executor(None, endpoints.refresh)
        except Exception as error:  # noqa: BLE001 - the top of a task, which has to go on
            _tell(error)


def _parent_spoke(parent_fd: int, leave: Callable[[], None]) -> None:
    """Leave when the other end of the pipe is gone."""
    try:
        ended = not os.read(parent_fd, 64)
    except OSError:
        ended = True
    if ended:
        asyncio.get_running_loop().remove_reader(parent_fd)
        leave()


def _say_ready(parent_fd: int) -> None:
    with suppress(OSError):  # a parent that is gone is noticed by the end of its pipe
        os.write(parent_fd, _READY)


def _tell(error: Exception) -> None:
    said = f"{error}; {error.fix}" if isinstance(error, MlwrightError) else repr(error)
    print(f"worker {os.getpid()}: {said}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
