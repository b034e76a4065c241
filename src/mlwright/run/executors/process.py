"""One fresh process for one attempt: started, asked, held to its limits, ended with its own."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from mlwright.core.carried import carried
from mlwright.core.channel import ChannelEndedError, Message, receive, send
from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import FaultError, StoppedError, UsageError
from mlwright.core.quantities import Quantity, format_quantity
from mlwright.core.records import dump
from mlwright.run.artefacts import Artefact
from mlwright.run.code.sources import Sources
from mlwright.run.executors.attempts import Raised
from mlwright.run.executors.memory import held_by
from mlwright.run.executors.protocol import Hearer, Task

_PATIENCE = 1.0
"""Seconds a process that answered, or was asked to end, may take for it."""

_GRACE = 5.0
"""Seconds a step that can ask whether it is cancelled may take to return."""

_LOOK = 0.05
"""Seconds between two looks at the memory of a process and its children."""

_PIECE = 1 << 16
_TAIL = 4_000
"""Characters of what was printed last that tell why a process ended."""

_NO_ROOM = ("memory allocation of", "bad_alloc", "Cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process is started: what stands before the command, and its environment."""

    before: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path


class Process:
    """A process that is there for one task.

    Raises
    ------
    FaultError
        ``step-process`` when none can be started.
    """

    def __init__(self, launch: Launch) -> None:
        said, says = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [*launch.before, sys.executable, "-P", "-m", f"{__package__}.child", str(says)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(says,),
                env=launch.environ,
                cwd=launch.folder,
                process_group=0,  # Ctrl-C asks us, and we end it with all it started
                bufsize=0,
            )
        except OSError as error:
            os.close(said)
            raise FaultError(
                "step-process",
                f"no process could be started for a step: {error}",
                fix="see that there is memory and room for another process, then try again",
            ) from error
        finally:
            os.close(says)
        self._said = said
        self._why: str | None = None
        self._over = threading.Event()
        self._gone = threading.Event()
        self._tail = ""

    def carry_out(self, task: Task, sources: Sources) -> Artefact:
        """Have the task carried out; the process is ended then, however it went.

        Raises
        ------
        Raised
            What the step raised, or which limit it ran into: worth another attempt.
        MlwrightError
            What the process refuses.
        """
        printed = threading.Thread(target=self._read, args=(task.hearer,), daemon=True)
        printed.start()
        watches = self._watches(task)
        answer: Message | None = None
        try:
            send(self._stdin(), *_request(task, sources))
            answer = self._answer(task.hearer)
        except ChannelEndedError:
            pass  # how it ended tells more
        finally:
            self._over.set()
            how = self._end()
            for each in (printed, *watches):
                each.join()
            os.close(self._said)
        return _taken(task, answer, self._why, how, self._tail)

    def cancel(self, *, at_once: bool) -> None:
        """Ask the step to end, and make it after a while; or at once."""
        self._why = self._why or "cancelled"
        if at_once:
            self._signal(signal.SIGKILL)
        else:
            with suppress(BrokenPipeError):
                os.write(self._stdin(), b"!")
            self._later(_GRACE, "cancelled").start()

    def _stdin(self) -> int:
        assert self._popen.stdin is not None
        return self._popen.stdin.fileno()

    def _answer(self, hearer: Hearer) -> Message:
        """Hand on what is logged until the answer comes."""
        while True:
            head, blocks = receive(self._said)
            if "log" not in head:
                return head, blocks
            values = {name: float.fromhex(value) for name, value in head["log"].items()}
            hearer.log(values, head["step"])

    def _read(self, hearer: Hearer) -> None:
        """Hand on what is printed until every process that could print has ended."""
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            over = False
            while not over:
                # Something that was started here and left its group may hold the other end open.
                over = self._gone.is_set()
                ready, _, _ = select.select([stream], [], [], 0.0 if over else 0.1)
                piece = os.read(stream.fileno(), _PIECE) if ready else None
                if piece == b"":
                    break
                if piece:
                    over = False
                    text = decode(piece)
                    self._tail = (self._tail + text)[-_TAIL:]
                    hearer.printed(text)

    def _watches(self, task: Task) -> list[threading.Thread]:
        """Start what ends the process when it takes more than it may."""
        watches: list[threading.Thread] = []
        if task.limits.timeout is not None:
            watches.append(self._later(task.limits.timeout, "timeout"))
        if task.limits.memory is not None:
            watches.append(threading.Thread(target=self._weigh, args=(task.limits.memory,)))
        for each in watches:
            each.daemon = True
            each.start()
        return watches

    def _later(self, seconds: float, why: str) -> threading.Thread:
        def end() -> None:
            if not self._over.wait(seconds):
                self._why = self._why or why
                self._signal(signal.SIGKILL)

        return threading.Thread(target=end, daemon=True)

    def _weigh(self, most: int) -> None:
        while not self._over.wait(_LOOK):
            if held_by(self._popen.pid, most) > most:
                self._why = self._why or "memory"
                self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._popen.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, number)

    def _end(self) -> str:
        """Let the process go, end what it left behind, and return how it ended."""
        patience = monotonic() + (_PATIENCE if self._why is None else 0.0)
        # Not reaped yet, so that its number stays its own.
        look = os.WEXITED | os.WNOWAIT | os.WNOHANG
        while os.waitid(os.P_PID, self._popen.pid, look) is None and monotonic() < patience:
            sleep(0.002)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        code = self._popen.wait()
        assert self._popen.stdin is not None
        with suppress(BrokenPipeError):
            self._popen.stdin.close()
        self._gone.set()
        killed = -code if code < 0 else code - 128  # as a sandbox tells of what it held
        known = killed in signal.valid_signals()
        return f"by signal {signal.Signals(killed).name}" if known else f"with {code}"


def _request(task: Task, sources: Sources) -> tuple[dict[str, Any], list[bytes]]:
    head = {
        "step": task.step,
        "qualified": task.qualified,
        "path": [str(Path(entry).absolute()) for entry in sys.path],
        "code": task.found.digest,
        "parts": dict(task.found.parts),
        "kinds": {slot: each.kind for slot, each in task.arguments.items()},
        "seed": task.seed,
        "memory": task.limits.memory,
    }
    return head, [dump(sources), *(each.raw for each in task.arguments.values())]


def _taken(task: Task, answer: Message | None, why: str | None, how: str, said: str) -> Artefact:
    """Return what was answered, or raise what it means that nothing was."""
    step = task.step
    if why == "cancelled":
        raise StoppedError(
            "step-cancelled",
            f"step {step!r} was ended before it was done",
            fix="run the same again: finished steps are kept",
            facts={"step": step},
        )
    if why == "timeout":
        raise Raised(_too_long(step, task.limits.timeout or 0.0))
    if why == "memory" or (answer is None and _out_of_room(task, said)):
        raise Raised(_too_much(step, task.limits.memory or 0))
    if answer is None:
        raise Raised(
            FaultError(
                "step-died",
                f"the process of step {step!r} ended {how} before it answered",
                fix="SIGKILL can mean that the machine had no memory left, SIGSEGV a fault in a "
                "compiled library; its log tells what it said last",
                facts={"step": step, "how": how, "said": said},
            )
        )
    head, blocks = answer
    if "error" not in head:
        (raw,) = blocks
        return Artefact(head["kind"], Digest(head["content"]), digest_bytes(raw), raw)
    told = head["error"]
    if "code" in told:
        raise carried(told)
    if told["memory"] and task.limits.memory is not None:
        raise Raised(_too_much(step, task.limits.memory))
    raise Raised(
        UsageError(
            "step-raised",
            f"step {step!r} raised {told['raised'].removeprefix('builtins.')}: {told['message']}",
            fix="correct it; where it went wrong stands below",
            facts={"step": step, "raised": told["raised"]},
            looked=told["where"],
        )
    )


def _out_of_room(task: Task, said: str) -> bool:
    """Tell whether a process that ended on its own did so for want of the memory it may have."""
    return task.limits.memory is not None and any(each in said for each in _NO_ROOM)


def _too_long(step: str, most: float) -> FaultError:
    return FaultError(
        "step-timeout",
        f"step {step!r} took more than {format_quantity(most, Quantity.DURATION)} and was ended",
        fix="give it more: @mw.step(timeout=...), or less to do",
        facts={"step": step, "timeout": most},
    )


def _too_much(step: str, most: int) -> FaultError:
    return FaultError(
        "step-memory",
        f"step {step!r} asked for more than {format_quantity(most, Quantity.SIZE)} of memory "
        "and was ended",
        fix="give it more: @mw.step(memory=...), or less to hold at once",
        facts={"step": step, "memory": most},
    )
