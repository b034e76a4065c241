"""What a step told while it ran: the text it printed, as far as it is kept, and its numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from mlwright.run.points import Batch
from mlwright.run.tracking.writer import Writer

KEPT = 256 * 1024
"""Bytes of what one step printed that are kept: half from its start, half from its end."""


class Live(Protocol):
    """Hears at once what steps tell, from several of them in turn."""

    def printed(self, step: str, text: str) -> None:
        """Hear what a step printed: whole lines, or pieces of them."""

    def numbers(self, step: str, values: Mapping[str, float], place: int | None) -> None:
        """Hear numbers a step logged."""


class Telling:
    """Hears one step: keeps what it is told, and hands it on to who looks on.

    Parameters
    ----------
    writer
        Makes the writer of the step's numbers, once there are any.
    kept
        How many bytes of text are kept.
    """

    def __init__(
        self,
        step: str,
        writer: Callable[[], Writer],
        live: Live | None = None,
        *,
        kept: int = KEPT,
    ) -> None:
        self._step = step
        self._live = live
        self._begin = writer
        self._writer: Writer | None = None
        self._half = kept // 2
        self._start = bytearray()
        self._end: deque[bytes] = deque()
        self._held = 0
        self._left_out = 0

    def printed(self, text: str, *, shown: bool = False) -> None:
        """Keep text, and hand it on where it was not shown."""
        self._keep(text.encode("utf-8", "replace"))
        if self._live is not None and not shown:
            self._live.printed(self._step, text)

    def say(self, text: str) -> None:
        """Keep a line, and hand it on."""
        self.printed(f"{text}\n")

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Keep numbers, durable within a second, and hand them on."""
        if self._writer is None:
            self._writer = self._begin()
        self._writer.log(values, step)
        if self._live is not None:
            self._live.numbers(self._step, values, step)

    def flush(self) -> None:
        """Make the numbers so far durable."""
        if self._writer is not None:
            self._writer.flush()

    def text(self) -> bytes:
        """Return what was printed; where it was too much, a line tells what is left out."""
        between = f"\n... {self._left_out:,} bytes left out ...\n" if self._left_out else ""
        return b"".join((bytes(self._start), between.encode(), *self._end))

    @property
    def logged(self) -> bool:
        """Whether it logged any number."""
        return self._writer is not None

    def close(self) -> Batch:
        """End the writing of numbers and return the last of them, which are not durable yet."""
        return {} if self._writer is None else self._writer.close()

    def _keep(self, told: bytes) -> None:
        room = self._half - len(self._start)
        self._start += told[:room]
        rest = told[room:]
        if not rest:
            return
        self._end.append(rest[-self._half :])
        self._left_out += len(rest) - len(self._end[-1])
        self._held += len(self._end[-1])
        while self._held > self._half:
            first = self._end.popleft()
            over = min(len(first), self._held - self._half)
            if over < len(first):
                self._end.appendleft(first[over:])
            self._held -= over
            self._left_out += over
