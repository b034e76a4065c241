"""Carry a step out in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from mlwright.run.artefacts import pack, unpack
from mlwright.run.context import CONTEXT, Context
from mlwright.run.executors.attempts import Raised, attempted
from mlwright.run.executors.protocol import Hearer, Outcome, Task
from mlwright.run.steps.wires import assembled


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
            if not _ours(task):
                import traceback

                where = "".join(traceback.format_exception(error))
                task.hearer.printed(where, shown=True)  # by whoever meets it
            raise Raised(error) from error
    return pack(value)


def _ours(task: Task) -> bool:
    """Tell whether it is a step of mlwright's own: what those show is no word of the user's."""
    return task.qualified.startswith("mlwright.")


@contextmanager
def _copied(task: Task) -> Iterator[None]:
    """Keep what the user's code prints, beside showing it where it is shown."""
    if _ours(task):
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
        self._hearer.printed(text, shown=True)
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
