"""Show what steps print and log while they run, each line with the step it is of."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import TextIO

_BETWEEN = 0.5
"""Seconds between two lines of numbers of one step; those between are kept, not shown."""


class Terminal:
    r"""Writes lines to a stream; several steps may tell at once.

    >>> import sys
    >>> shown = Terminal(sys.stdout)
    >>> shown.printed("fit", "read 3 rows\nand")
    fit | read 3 rows
    >>> shown.printed("fit", " more\n")
    fit | and more
    >>> shown.numbers("fit", {"auc": 0.9125}, 3)
    fit | auc 0.9125 at 3
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._begun: dict[str, str] = {}
        self._shown: dict[str, float] = {}

    def printed(self, step: str, text: str) -> None:
        """Show the lines that are whole by now."""
        with self._lock:
            *lines, rest = (self._begun.get(step, "") + text).split("\n")
            self._begun[step] = rest
            self._write(step, lines)

    def numbers(self, step: str, values: Mapping[str, float], place: int | None) -> None:
        """Show numbers, unless others of the step were shown just now."""
        now = monotonic()
        with self._lock:
            if now - self._shown.get(step, -_BETWEEN) < _BETWEEN:
                return
            self._shown[step] = now
            at = "" if place is None else f" at {place}"
            told = ", ".join(f"{name} {value:.6g}" for name, value in values.items())
            self._write(step, [f"{told}{at}"])

    def ended(self, step: str) -> None:
        """Show a last line that had no end."""
        with self._lock:
            rest = self._begun.pop(step, "")
            self._write(step, [rest] if rest else [])

    def _write(self, step: str, lines: list[str]) -> None:
        # What overwrote itself, such as a progress bar, is shown as it stood last.
        for line in lines:
            self._stream.write(f"{step} | {line.rstrip(chr(13)).rpartition(chr(13))[2]}\n")
        if lines:
            self._stream.flush()
