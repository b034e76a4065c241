"""The fresh process of one attempt: the user's code as it was keyed, called once, answered once.

Standard input brings the request, then a byte when the run is cancelled, and ends with the one
who asked; standard output and error are what the step prints. Answers have a pipe of their own,
whose number is the only argument.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from mlwright.core.carried import told
from mlwright.core.channel import ChannelEndedError, receive, send
from mlwright.core.errors import MlwrightError, RefusedError
from mlwright.core.records import load
from mlwright.run.artefacts import Artefact, pack, unpack
from mlwright.run.closure.walk import closure
from mlwright.run.code.restore import MAIN, restore_main, restore_modules
from mlwright.run.code.sources import Sources
from mlwright.run.context import CONTEXT, Context
from mlwright.run.steps.classes import classes_in
from mlwright.run.steps.step import Step
from mlwright.run.steps.wires import assembled

_FRAMES = 30


class _Wire:
    """Where what the step tells goes: numbers through the pipe, lines to what it prints."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)  # noqa: T201 - what the user's code says

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Send numbers."""
        # Infinities and NaN have no JSON of their own.
        told = {name: float(value).hex() for name, value in values.items()}
        self.tell({"log": told, "step": step})

    def flush(self) -> None:
        """Return: what is sent is on its way."""

    def tell(self, head: Mapping[str, Any], blocks: Sequence[bytes] = ()) -> None:
        """Send one message; threads of the step's own may log too."""
        with self._lock:
            send(self._answers, head, blocks)


def main(answers: int) -> None:
    """Answer one request, or end with whoever should have asked."""
    stopped = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C asks who started us
    asked = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    try:
        head, blocks = receive(asked)
    except ChannelEndedError:
        return
    threading.Thread(target=_attend, args=(asked, stopped), daemon=True).start()
    wire = _Wire(answers)
    try:
        given = _carry_out(head, blocks, wire, stopped)
        wire.tell({"kind": given.kind, "content": given.content}, [given.raw])
    except ChannelEndedError:
        return
    # The top of the process: whatever it was is told to who asked, and kept in the step's log.
    except BaseException as error:  # noqa: BLE001
        traceback.print_exception(_from_the_step(error))
        sys.stderr.flush()
        wire.tell({"error": _told(error)})
    finally:
        sys.stdout.flush()


def _attend(asked: int, stopped: threading.Event) -> None:
    """Hear that the run is cancelled; end, with all that was started here, with the asker."""
    while os.read(asked, 1):
        stopped.set()
    os.killpg(0, signal.SIGKILL)


def _carry_out(
    head: Mapping[str, Any], blocks: Sequence[bytes], wire: _Wire, stopped: threading.Event
) -> Artefact:
    sys.path[:] = head["path"]
    _hold_to(head["memory"])
    _restore(load(Sources, blocks[0]), head["parts"], head["qualified"], head["kinds"].values())
    function = _found(head["qualified"])
    read = {
        slot: unpack(kind, raw)
        for (slot, kind), raw in zip(head["kinds"].items(), blocks[1:], strict=True)
    }
    _check_code(function, read, head)
    arguments = assembled(read)
    if head["seed"] is not None:
        arguments[CONTEXT] = Context(head["seed"], head["step"], wire, cancelled=stopped.is_set)
    return pack(function(**arguments))


def _hold_to(memory: int | None) -> None:
    """Let requests for more memory fail here, where Python can tell the line."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _restore(sources: Sources, parts: Mapping[str, str], function: str, kinds: Any) -> None:
    restore_modules(sources.modules)
    if MAIN in sources.modules:
        restore_main(sources.modules[MAIN], {*parts, function, *kinds})


def _found(name: str) -> Any:
    module, _, qualname = name.partition(":")
    found: Any = sys.modules[MAIN] if module == MAIN else import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found.function if isinstance(found, Step) else found


def _check_code(function: Any, read: Mapping[str, object], head: Mapping[str, Any]) -> None:
    """Refuse to answer for code that is not the one the step's key names."""
    found = closure(function, classes_in(read.values()))
    if found.digest == head["code"]:
        return
    names = found.parts.keys() | head["parts"].keys()
    other = sorted(n for n in names if found.parts.get(n) != head["parts"].get(n))
    raise RefusedError(
        "step-differs-apart",
        f"step {head['step']!r} is other code in a process of its own than here: "
        + (", ".join(other[:5]) or "its annotations or classes"),
        fix="hand what was changed while the program ran to the step as an argument, or carry the "
        "run out inline",
        facts={"step": head["step"], "parts": other},
    )


def _from_the_step(error: BaseException) -> BaseException:
    """Return the error without our own lines above the step's."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__:
        place = place.tb_next
    return error.with_traceback(place or error.__traceback__)


def _told(error: BaseException) -> dict[str, Any]:
    if isinstance(error, MlwrightError):
        return told(error)
    kind = type(error)
    lines = traceback.format_exception(_from_the_step(error))
    return {
        "raised": f"{kind.__module__}.{kind.__qualname__}",
        "message": str(error)[:2000],
        "memory": isinstance(error, MemoryError),
        "where": [line.rstrip() for line in "".join(lines).splitlines()[-_FRAMES:]],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
