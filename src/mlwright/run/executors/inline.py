"""Carry steps out in this process, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from mlwright.run.artefacts import pack, unpack
from mlwright.run.context import CONTEXT, Context
from mlwright.run.executors.attempts import Raised, attempted
from mlwright.run.executors.protocol import Hearer, Outcome, Task
from mlwright.run.wires import assembled


class Inline:
    """Calls a step where the run is; Ctrl-C reaches it as it reaches any code.

    What it prints is shown as ever, and kept.
    """

    name = "inline"
    places = 1

    def __init__(self) -> None:
        self._task: Task | None = None

    def variables(self) -> Mapping[str, str]:
        """Return nothing: a step here runs under what this process runs under."""
        return {}

    def submit(self, task: Task) -> None:
        """Take a task; it is carried out when it is waited for."""
        assert self._task is None
        self._task = task

    def wait(self) -> Outcome:
        """Carry the task out."""
        task, self._task = self._task, None
        assert task is not None
        return carried_out(task)

    def cancel(self) -> None:
        """Forget the task that was not begun."""
        self._task = None

    def close(self) -> None:
        """Hold nothing."""


def carried_out(task: Task) -> Outcome:
    """Call a step in this process, as often as its limits allow."""
    return attempted(task, lambda: _once(task), apart=False)


def _once(task: Task) -> Any:
    # Read anew for each call: what a step does to its arguments leaves the others' alone.
    values = assembled({n: unpack(each.kind, each.raw) for n, each in task.arguments.items()})
    told: dict[str, object] = {}
    if task.seed is not None:
        told[CONTEXT] = Context(task.seed, task.step, _Shown(task.hearer))
    with _copied(task):
        try:
            value = task.function(**values, **task.resources, **told)
        except Exception as error:
            raise Raised(error) from error
    return pack(value)


@contextmanager
def _copied(task: Task) -> Iterator[None]:
    """Keep what the user's code prints, beside showing it where it is shown."""
    if task.qualified.startswith("mlwright."):
        yield
        return
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Tee(out, task.hearer), _Tee(err, task.hearer)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


class _Tee:
    """A stream that hands everything on, and tells a hearer what is written."""

    def __init__(self, stream: TextIO, hearer: Hearer) -> None:
        self._stream = stream
        self._hearer = hearer

    def write(self, text: str) -> int:
        """Write to both."""
        self._hearer.printed(text)
        return self._stream.write(text)

    def writelines(self, lines: list[str]) -> None:
        """Write to both."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Shown:
    """The sink of a context here: text is printed, so that it is shown and kept like a print."""

    def __init__(self, hearer: Hearer) -> None:
        self._hearer = hearer

    def say(self, text: str) -> None:
        """Print it."""
        print(text)  # noqa: T201 - what the user's code says

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Hand them on."""
        self._hearer.log(values, step)

    def flush(self) -> None:
        """Hand it on."""
        self._hearer.flush()
