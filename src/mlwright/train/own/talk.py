"""What a fit in a process apart tells while it goes on: the terminal, and who asked for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from threading import Lock
from typing import Any

from mlwright.core.channel import receive, send
from mlwright.run.points import named, number_of, step_of

TOLD = "told"
"""Names what a message tells that is no answer."""


class Talk:
    """A sink on the channel; in a process forked from this one it tells the terminal alone."""

    def __init__(self, asked: int, answered: int) -> None:
        self._asked = asked
        self._answered = answered
        self._lock = Lock()
        self._process = os.getpid()
        self._name = ""

    def begin(self, name: str) -> Talk:
        """Return this, for a fit of the model with a name."""
        self._name = name
        return self

    def say(self, text: str) -> None:
        """Write a line to standard error, and hand it on."""
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)  # noqa: T201
        self._tell({"line": text})

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Hand numbers on."""
        numbers = {named(name): number_of(name, value) for name, value in values.items()}
        self._tell({"numbers": numbers, "step": None if step is None else step_of(step)})

    def flush(self) -> None:
        """Return at once: what was told has left."""

    def worth(self, value: float, step: int) -> bool:
        """Return whether a fit that is so good at a step is to go on."""
        return bool(self._tell({"reported": value, "step": step}, waits=True).get("go_on", True))

    def _tell(self, told: dict[str, Any], *, waits: bool = False) -> dict[str, Any]:
        if os.getpid() != self._process:
            return {}
        with self._lock:
            send(self._answered, {TOLD: told, "waits": waits})
            return receive(self._asked)[0] if waits else {}
