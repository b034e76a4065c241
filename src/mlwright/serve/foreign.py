"""The slow lane of code of the user's own: requests wait in line while a process apart answers.

The worker's loop goes on meanwhile, and requests for other models overtake. Whoever finds the line
full is told so at once. The process is started again when it ends; a question it was at is asked
once more, since asking changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from mlwright.core.errors import FaultError
from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.scorer import Scorer


class Apart(Protocol):
    """Code of the user's own in a process apart: a model, or the steps before one."""

    timeout: float | None

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def pid(self) -> int | None:
        """The number of its process, None while there is none."""

    @property
    def told(self) -> str:
        """What it is, in words."""

    def stop(self) -> None:
        """End its process for good."""


class SlowLane:
    """One thread that asks what is slow, and what waits for it; ``submit`` may be called by any.

    Parameters
    ----------
    slow
        The processes apart that a request goes through.
    most
        How many requests may wait or be answered at once.
    timeout
        Seconds after which a process is ended, so that the next are answered.
    """

    def __init__(self, slow: Sequence[Apart], *, most: int, timeout: float) -> None:
        for each in slow:
            each.timeout = timeout
        self._slow = slow
        self._most = most
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "slow")

    @property
    def told(self) -> str:
        """What is slow, in words."""
        return "; ".join(each.told for each in self._slow)

    @property
    def pid(self) -> int | None:
        """The number of the first process, None while there is none."""
        return self._slow[0].pid

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Put work in line.

        Raises
        ------
        FaultError
            ``foreign-busy`` when the line is full.
        """
        with self._lock:
            if self._waiting >= self._most:
                raise _busy(self._slow[-1].name, self._waiting)
            self._waiting += 1
        task = self._thread.submit(work)
        task.add_done_callback(self._done)
        return task

    def close(self) -> None:
        """End the processes and let nobody wait any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for each in self._slow:
            each.stop()

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1


def lane_of(scorer: Scorer, *, most: int, timeout: float) -> SlowLane | None:
    """Return the slow lane of a model that needs one; None for one that is scored here."""
    slow: list[Apart] = [] if scorer.steps is None else [scorer.steps]
    if isinstance(scorer.native, ForeignModel):
        slow.append(scorer.native)
    return SlowLane(slow, most=most, timeout=timeout) if slow else None


def _busy(name: str, waiting: int) -> FaultError:
    return FaultError(
        "foreign-busy",
        f"{waiting} requests wait for {name}, which answers in a slow process of its own",
        fix="send it again a little later, several rows in one request, or give serve.slow_queue "
        "more room",
        facts={"model": name, "waiting": waiting},
    )
