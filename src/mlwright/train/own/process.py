"""Our side of a process apart: start it, ask it, end it; start it again when it has ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import mlwright
from mlwright.core.carried import carried
from mlwright.core.channel import (
    ChannelEndedError,
    ChannelSlowError,
    Message,
    receive,
    send,
)
from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import FaultError, MlwrightError

FIT, ANSWER = "fit", "answer"

Hear = Callable[[Mapping[str, Any]], bool]
"""Hears what a fit tells while it goes on, and says whether it is to go on."""


def code_of(folder: Path, *names: str) -> Digest:
    """Return the digest of what a process apart executes: it decides, though it is not called."""
    return digest_bytes(b"".join((folder / name).read_bytes() for name in names))


CHILD = "mlwright.train.own.child"
CODE = code_of(
    Path(__file__).parent,
    "attend.py",
    "blueprint.py",
    "child.py",
    "content.py",
    "fold.py",
    "talk.py",
    "work.py",
)

_START = 60.0
_PATIENCE = 1.0
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "LC_ALL", "LANG", "TZ")
"""Variables a confined process is told; others may hold what is nobody's business."""


class Apart:
    """One process apart; asked by one thread at a time, started with the first question.

    Parameters
    ----------
    role
        ``fit`` for the user's code, ``answer`` for what was kept, which is confined.
    name
        What is asked, for messages.
    child, code
        The module the process executes, and the digest of what it executes.
    """

    def __init__(self, role: str, name: str, *, child: str = CHILD, code: Digest = CODE) -> None:
        self.name = name
        self.held: Mapping[str, bool] = {}
        self.code = code
        self._role = role
        self._child = child
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The process's number, None while there is none."""
        return None if self._running is None else self._running.pid

    def ask(
        self,
        head: Mapping[str, Any],
        blocks: Sequence[bytes] = (),
        *,
        before: tuple[Mapping[str, Any], Sequence[bytes]] | None = None,
        timeout: float | None = None,
        hear: Hear | None = None,
    ) -> list[bytes]:
        """Return what a message is answered with.

        A process that is gone is started again and asked once more, as asking changes nothing.

        Parameters
        ----------
        before
            What a process that was just started is told first.
        timeout
            Seconds after which it is ended, for it would keep the others waiting.
        hear
            Hears what the process tells before it answers.

        Raises
        ------
        FaultError
            ``foreign-ended`` when it ended twice, ``foreign-slow`` when it took too long.
        MlwrightError
            What the process refuses.
        """
        with self._lock:
            try:
                for again in (False, True):
                    try:
                        if self._running is None:
                            self._start()
                            if before is not None:
                                self._exchange(*before, timeout)
                        return self._exchange(head, blocks, timeout, hear)
                    except ChannelEndedError:
                        how = self._end()
                        if again or self._stopped:
                            raise _ended(self.name, how) from None
                raise AssertionError("asked twice, and neither answered nor refused")
            except ChannelSlowError:
                self._end()
                raise _slow(self.name, timeout or 0.0) from None
            except BaseException as error:
                if not isinstance(error, MlwrightError):
                    self._end()  # an answer may still be on its way, to another question
                raise

    def close(self) -> None:
        """End it; it is started again when it is asked again."""
        with self._lock:
            self._end()

    def stop(self) -> None:
        """End it for good, also while somebody waits for its answer, who is told."""
        self._stopped = True
        running = self._running
        if running is not None:
            running.kill()

    def _start(self) -> None:
        self._running = _started(self._child, self._role)
        weakref.finalize(self, self._running.end)
        try:
            head, _ = receive(self._running.said, _START)
        except ChannelSlowError:
            raise ChannelEndedError from None
        self.held = head["ready"]

    def _exchange(
        self,
        head: Mapping[str, Any],
        blocks: Sequence[bytes],
        timeout: float | None,
        hear: Hear | None = None,
    ) -> list[bytes]:
        assert self._running is not None
        send(self._running.asks, head, blocks)
        while True:
            message = receive(self._running.said, timeout)
            told = message[0].get("told")
            if told is None:
                return _taken(self.name, message)
            go_on = hear is None or hear(told)
            if message[0]["waits"]:
                send(self._running.asks, {"go_on": go_on})

    def _end(self) -> str:
        running, self._running = self._running, None
        return "" if running is None else running.end()


class _Running:
    """A process and our ends of its pipes."""

    def __init__(self, pid: int, asks: int, said: int) -> None:
        self.pid = pid
        self.asks = asks
        self.said = said
        self._how: str | None = None

    def kill(self) -> None:
        """Kill it; whoever waits for it sees that it ended."""
        if self._how is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> str:
        """Close the pipes, wait a little, kill it; return how it ended."""
        if self._how is not None:
            return self._how
        self._how = ""
        for each in (self.asks, self.said):
            os.close(each)
        until = monotonic() + _PATIENCE
        found, status = os.waitpid(self.pid, os.WNOHANG)
        while not found and monotonic() < until:
            sleep(0.002)
            found, status = os.waitpid(self.pid, os.WNOHANG)
        if not found:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with {code}"
        return self._how


def _started(child: str, role: str) -> _Running:
    asked, asks = os.pipe()
    said, says = os.pipe()
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-s", "-m", child, role],
            _environ(role),
            file_actions=[(os.POSIX_SPAWN_DUP2, asked, 0), (os.POSIX_SPAWN_DUP2, says, 1)],
            setpgroup=0,  # Ctrl-C asks us, and we end it
        )
    except OSError as error:
        for each in (asks, said):
            os.close(each)
        raise FaultError(
            "foreign-ended",
            f"no process could be started for code of your own: {error}",
            fix="see that there is memory and room for another process, then try again",
        ) from error
    finally:
        os.close(asked)
        os.close(says)
    return _Running(pid, asks, said)


def _environ(role: str) -> dict[str, str]:
    given = os.environ if role == FIT else {n: os.environ[n] for n in _KEPT if n in os.environ}
    ours = Path(mlwright.__file__).parents[1]
    path = {} if ours.name == "site-packages" else {"PYTHONPATH": str(ours)}
    return {
        **given,
        **path,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "OMP_WAIT_POLICY": "PASSIVE",
        "JOBLIB_MULTIPROCESSING": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",  # sets of texts have one order
    }


def _taken(name: str, message: Message) -> list[bytes]:
    head, blocks = message
    if "fault" in head:
        raise FaultError(
            "foreign-ended",
            f"the process of {name} failed: {head['fault']}",
            fix="report this with the model",
            facts={"model": name},
        )
    if "error" in head:
        raise carried(head["error"])
    return blocks


def _ended(name: str, how: str) -> FaultError:
    return FaultError(
        "foreign-ended",
        f"the process of {name} ended {how} while it was asked, twice",
        fix="see that there is enough memory; a model that ends its process cannot be used",
        facts={"model": name, "how": how},
    )


def _slow(name: str, timeout: float) -> FaultError:
    return FaultError(
        "foreign-slow",
        f"{name} did not answer within {timeout:g} s, and its process was ended",
        fix="send fewer rows at once, or give serve.timeout more time",
        facts={"model": name, "timeout": timeout},
    )
