"""Child processes that are kept alive: started again when they end, told to end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from selectors import EVENT_READ, BaseSelector

from mlwright.core.errors import FaultError, MlwrightError

STEADY = 2.0
"""A child that answered and lived so many seconds did not end because of how it was started."""

_LONGEST_WAIT = 30.0
_HASTE = 0.25  # a child that had answered before it ended is waited for no longer than this
_TOLD_FROM = 3  # from so many quick ends in a row on it is a loop
_LINE = 4096


@dataclass(frozen=True, slots=True)
class Started:
    """A process just started, and what it says through.

    ``channel`` gives one line once it answers, and ends when the process does; ``kept`` are other
    descriptors of ours that live as long as it.
    """

    process: subprocess.Popen[bytes]
    channel: int
    kept: tuple[int, ...] = ()


class State(Enum):
    """Where a child stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"


class Child:
    """One place for a process; whoever ended is started again, later each time it ends at once."""

    def __init__(self, name: str, start: Callable[[], Started], *, clock: Callable[[], float]):
        self.name = name
        self.state = State.WAITING
        self.said = b""
        self.quick_ends = 0
        self._start = start
        self._clock = clock
        self._started: Started | None = None
        self._since = 0.0
        self._again_at = 0.0
        self._failed_starts = 0

    @property
    def pid(self) -> int | None:
        """The process's number, None while there is none."""
        return self._started.process.pid if self._started else None

    def due(self) -> bool:
        """Return whether it is time to start it."""
        return self._started is None and self._clock() >= self._again_at

    def start(self) -> int | MlwrightError:
        """Start it and return the channel to watch, or what has to be told where it cannot be."""
        self._since = self._clock()
        try:
            self._started = self._start()
        except (MlwrightError, OSError) as error:  # a full disk, no process or descriptor left
            return self._not_started(error)
        self.state, self.said = State.STARTING, b""
        return self._started.channel

    def heard(self) -> MlwrightError | None:
        """Read the channel: it answers now, or it ended; return what has to be told of an end."""
        started = self._running()
        try:
            said = os.read(started.channel, _LINE)
        except OSError:
            said = b""
        if said:
            self.said += said
            self.state = State.READY
            return None
        return self._ended(started)

    def ask_to_end(self) -> None:
        """Ask it to finish what it has and leave."""
        if self._started is not None:
            self._started.process.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for its end, kill it after ``seconds``; return whether it ended by itself."""
        if self._started is None:
            return True
        process = self._started.process
        try:
            process.wait(max(seconds, 0.0))
            return True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
        finally:
            self._let_go()

    def _not_started(self, error: MlwrightError | OSError) -> MlwrightError:
        self.quick_ends += 1
        self._failed_starts += 1
        pause = _pause(self._failed_starts + 1, _LONGEST_WAIT)
        self._again_at = self._clock() + pause
        what = error.message if isinstance(error, MlwrightError) else str(error)
        return FaultError(
            "process-not-started",
            f"{self.name} could not be started: {what}",
            fix=f"it is tried again in {pause:.1f} s; the others go on",
            facts={"process": self.name, "in_a_row": self.quick_ends},
        )

    def _ended(self, started: Started) -> MlwrightError:
        # The channel ends a moment before the process; one that closed it and stays is no use.
        try:
            code = started.process.wait(STEADY)
        except subprocess.TimeoutExpired:
            started.process.kill()
            code = started.process.wait()
        lived = self._clock() - self._since
        answered = self.state is State.READY
        self.quick_ends = 0 if answered and lived >= STEADY else self.quick_ends + 1
        self._failed_starts = 0 if answered else self._failed_starts + 1
        pause = (
            _pause(self.quick_ends, _HASTE)
            if answered
            else _pause(self._failed_starts, _LONGEST_WAIT)
        )
        self._again_at = self._clock() + pause
        self._let_go()
        self.state = State.WAITING
        return _told(self.name, code, lived, self.quick_ends, pause)

    def _let_go(self) -> None:
        started = self._running()
        for descriptor in (started.channel, *started.kept):
            os.close(descriptor)
        self._started = None

    def _running(self) -> Started:
        if self._started is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._started


def _pause(in_a_row: int, longest: float) -> float:
    """Return how long to wait: nothing at first, doubled with each end after it."""
    return 0.0 if in_a_row < 2 else min(longest, 0.1 * 2.0 ** min(in_a_row - 2, 16))


def _told(name: str, code: int, lived: float, quick_ends: int, pause: float) -> MlwrightError:
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    facts = {"process": name, "code": code, "seconds": round(lived, 3), "in_a_row": quick_ends}
    if quick_ends >= _TOLD_FROM:
        return FaultError(
            "process-keeps-ending",
            f"{name} ended {how} {lived:.1f} s after its start, {quick_ends} times in a row",
            fix=f"what it wrote above says why; it is started again in {pause:.1f} s",
            facts=facts,
        )
    return FaultError(
        "process-ended",
        f"{name} ended {how} after {lived:.1f} s",
        fix="nothing: it is started again at once",
        facts=facts,
    )


class Crew:
    """Several children watched together."""

    def __init__(
        self,
        children: Iterable[Child],
        selector: BaseSelector,
        *,
        tell: Callable[[MlwrightError], None],
    ) -> None:
        self.children = tuple(children)
        self._selector = selector
        self._tell = tell

    @property
    def ready(self) -> bool:
        """Whether every child answers."""
        return all(child.state is State.READY for child in self.children)

    @property
    def quick_ends(self) -> int:
        """The most quick ends in a row of any child."""
        return max((child.quick_ends for child in self.children), default=0)

    def tend(self, seconds: float) -> bool:
        """Start who is due, then watch for ``seconds`` at most; return whether we were woken.

        We are woken by whatever else the selector watches.
        """
        for child in self.children:
            if child.due():
                channel = child.start()
                if isinstance(channel, int):
                    self._selector.register(channel, EVENT_READ, child)
                else:
                    self._tell(channel)
        woken = False
        for key, _ in self._selector.select(seconds):
            if not isinstance(key.data, Child):
                woken = True
                continue
            channel, child = key.fd, key.data
            answering = child.state is not State.WAITING
            told = child.heard() if answering else None
            if told is not None:
                self._selector.unregister(channel)
                self._tell(told)
        return woken

    def end(self, seconds: float) -> tuple[str, ...]:
        """End every child, in ``seconds`` if it can; return the names of those that were killed."""
        from time import monotonic

        until = monotonic() + seconds
        for child in self.children:
            child.ask_to_end()
        return tuple(child.name for child in self.children if not child.wait(until - monotonic()))


def run_module(
    module: str,
    arguments: Sequence[str],
    *,
    keep: Sequence[int],
    stdout: int,
    environ: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start one of our modules as a process that inherits the descriptors in ``keep``.

    It stands in a process group of its own: Ctrl-C asks us, and we ask it. The folder we stand in
    is no place to import from.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        pass_fds=tuple(keep),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        env=dict(environ),
        process_group=0,
    )
