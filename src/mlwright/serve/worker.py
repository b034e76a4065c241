"""A worker process: answers on the socket it inherits until it is told to leave."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
import uvloop

from mlwright.core.errors import MlwrightError
from mlwright.core.seam import Seam, SystemSeam
from mlwright.serve.app import App
from mlwright.serve.config import WorkerConfig, read_config
from mlwright.serve.guard import policy_of
from mlwright.serve.journal import Journal
from mlwright.serve.metrics import Meters
from mlwright.serve.protocol import Protocol
from mlwright.serve.records import Durability, JournalLimits
from mlwright.serve.roles import Endpoints
from mlwright.store.local import LocalStore

_ROLES_EVERY = 0.1
_KEEP_ALIVE = 75
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
    )
    server = _Server(
        partial(_say_ready, config.parent_fd),
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", partial(Protocol, patience=settings.timeout)),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=max(1, round(settings.drain)),
        ),
    )

    def leave() -> None:
        app.draining = True
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    loop.add_reader(config.parent_fd, _parent_spoke, config.parent_fd, leave)
    # What was loaded lives as long as the worker: never look at it again.
    gc.collect()
    gc.freeze()
    watchers = [asyncio.create_task(app.watch()), asyncio.create_task(_follow(endpoints))]
    await server.serve(sockets=[socket.socket(fileno=config.fd)])
    for watcher in watchers:
        watcher.cancel()
    if journal is not None:
        await journal.close()
    meters.close()


class _Server(uvicorn.Server):
    """A server that tells when it has started and leaves the signals to us."""

    def __init__(self, when_started: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._when_started = when_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        self._when_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


async def _follow(endpoints: Endpoints) -> None:
    """Load what becomes live, beside the loop, for as long as the worker lives."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_ROLES_EVERY)
        if endpoints.changed():
            await loop.run_in_executor(None, endpoints.refresh)


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
