"""Ask kept models of the user's own, in a confined process that opens one at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlwright.train.own.content import Head, head_of
from mlwright.train.own.process import ANSWER, Apart

Matrix = NDArray[np.float64]

OPEN, ROWS = "open", "rows"


_MOST_RESTING = 2
_RESTING_LOCK = threading.Lock()


class Kept:
    """A confined process and the model it has open; may be shared by threads."""

    def __init__(self) -> None:
        self._apart = Apart(ANSWER, "a model of your own")
        self._lock = threading.Lock()
        self._content: bytes | None = None
        self._head: Head | None = None
        self._timed = False

    @property
    def pid(self) -> int | None:
        """The number of the process, None while there is none."""
        return self._apart.pid

    @property
    def confined(self) -> Mapping[str, bool]:
        """What the process has given up; empty before it was first asked."""
        return self._apart.held

    def ask(self, content: bytes, X: Matrix, timeout: float | None = None) -> Matrix:
        """Return rows x outputs of a kept model.

        Parameters
        ----------
        timeout
            Seconds after which the process is ended, for it would keep the others waiting.
        """
        with self._lock:
            self._timed = self._timed or timeout is not None
            head = self._opened(content, timeout)
            rows, features = X.shape
            block = np.ascontiguousarray(X, dtype=np.float64).tobytes()
            told = {"ask": ROWS, "rows": rows, "features": features}
            opening = ({"ask": OPEN}, [content])
            (found,) = self._apart.ask(told, [block], before=opening, timeout=timeout)
            return np.frombuffer(found).reshape(rows, head.outputs)

    def close(self) -> None:
        """End the process; it is started again when it is asked again."""
        with self._lock:
            self._content = None
            self._apart.close()

    def rest(self) -> None:
        """Wait for the next who has a model of the same modules: to start again would be dear.

        Where questions have a time limit somebody serves, and what is not asked is ended.
        """
        head = self._head
        with _RESTING_LOCK:
            waits = head is not None and not self._timed and len(_RESTING) < _MOST_RESTING
            if head is not None and waits and head.modules not in _RESTING:
                _RESTING[head.modules] = self
                return
        self.close()

    def stop(self) -> None:
        """End the process for good, also while somebody waits for its answer."""
        self._apart.stop()

    def _opened(self, content: bytes, timeout: float | None) -> Head:
        if self._head is None or content is not self._content:
            head = head_of(content)
            if self._head is None or head.modules != self._head.modules:
                self._apart.close()  # which may hold other modules of the same names
            self._apart.name = head.name
            self._head, self._content = head, None
            self._apart.ask({"ask": OPEN}, [content], timeout=timeout)
            self._content = content
        return self._head


_RESTING: dict[object, Kept] = {}
"""Processes that nobody asks now, by the modules they have imported."""


def rested(content: bytes) -> Kept:
    """Return a process that rests and has the modules of a kept model, else a new one."""
    with _RESTING_LOCK:
        return _RESTING.pop(head_of(content).modules, None) or Kept()
