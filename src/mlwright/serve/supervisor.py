"""The loop of the process that serves: start workers, keep them alive, end them in order."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from selectors import EVENT_READ, BaseSelector

from mlwright.core.errors import FaultError, MlwrightError
from mlwright.core.files import disk_faults, make_folder_durably
from mlwright.serve.children import Crew, Started, run_module
from mlwright.serve.config import WorkerConfig, write_config

_TICK = 0.2
_GRACE = 2.0  # what a worker gets beyond the drain: closing its segment
_GIVEN_UP_AFTER = 3  # quick ends before anything ever answered
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""A plan uses no BLAS: its threads would cost each worker memory and its start time."""

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked:
    """Which signal asked us to end; the second one no longer waits."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def heard(self, number: int, _frame: object) -> None:
        """Note the first signal; at the second give up what is being waited for."""
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)


@contextmanager
def asked_to_end(selector: BaseSelector) -> Iterator[Asked]:
    """Take SIGINT, SIGTERM and SIGHUP for the block; each wakes the selector."""
    asked = Asked()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for each in (ours, theirs):
            each.setblocking(False)
        before = {number: signal.signal(number, asked.heard) for number in _ASKING}
        woken_before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        selector.register(ours, EVENT_READ, ours)
        try:
            yield asked
        finally:
            selector.unregister(ours)
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)


def supervise(
    crew: Crew,
    asked: Asked,
    *,
    ready: Callable[[], None],
    tick: Callable[[], None],
    close: Callable[[], None],
    tell: Callable[[MlwrightError], None],
    drain: float,
) -> None:
    """Keep the crew answering until asked to end, then let it finish what it has.

    Parameters
    ----------
    ready
        Called once, when every child answers.
    tick
        Called several times a second.
    close
        Called before the children are asked to end: lets go of what new requests come in by.
    drain
        Seconds in which requests in flight may end.

    Raises
    ------
    FaultError
        ``serve-not-started`` when a child keeps ending before anything ever answered.
    """
    was_ready = False
    try:
        while asked.signal is None:
            crew.tend(_TICK)
            if not was_ready and crew.ready:
                was_ready = True
                ready()
            if not was_ready and crew.quick_ends >= _GIVEN_UP_AFTER:
                raise _not_started(crew)
            tick()
    finally:
        close()
        for name in crew.end(drain + _GRACE if asked.signal is not None else _GRACE):
            tell(_killed(name, drain))


def worker(
    number: int, config: WorkerConfig, folder: Path, environ: Mapping[str, str]
) -> Callable[[], Started]:
    """Return what starts worker ``number``; ``config.parent_fd`` is filled in at each start."""

    def start() -> Started:
        ours, theirs = socket.socketpair()
        with theirs:
            file = folder / f"worker-{number}.json"
            with disk_faults(file):
                make_folder_durably(folder)
                write_config(replace(config, worker=number, parent_fd=theirs.fileno()), file)
            process = run_module(
                "mlwright.serve.worker",
                [str(file)],
                keep=(config.fd, theirs.fileno()),
                stdout=sys.stderr.fileno(),
                environ={**dict.fromkeys(_ONE_THREAD, "1"), **environ},
            )
        return Started(process, ours.detach())

    return start


def pages(arguments: list[str], environ: Mapping[str, str]) -> Callable[[], Started]:
    """Return what starts the control plane, which says on its standard output that it answers."""

    def start() -> Started:
        lives, held = os.pipe()
        said, says = os.pipe()
        process = run_module(
            "mlwright.server",
            [*arguments, "--parent-fd", str(lives)],
            keep=(lives,),
            stdout=says,
            environ=environ,
        )
        os.close(lives)
        os.close(says)
        return Started(process, said, kept=(held,))

    return start


def _not_started(crew: Crew) -> FaultError:
    names = [child.name for child in crew.children if child.quick_ends >= _GIVEN_UP_AFTER]
    return FaultError(
        "serve-not-started",
        f"{', '.join(names)} ended {_GIVEN_UP_AFTER} times before it could answer",
        fix="what it wrote above says why; mlw doctor tells whether the project is whole",
        facts={"processes": names},
    )


def _killed(name: str, drain: float) -> FaultError:
    return FaultError(
        "process-killed",
        f"{name} did not end within {drain + _GRACE:g} s of being asked to, and was killed",
        fix="a longer serve.drain lets slow requests end; what was answered is on disk",
        facts={"process": name, "drain": drain},
    )
