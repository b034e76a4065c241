"""The slow lane of a model of the user's own: requests wait in line while a process apart answers.

The worker's loop goes on meanwhile, and requests for other models overtake. Whoever finds the line
full is told so at once. The process is started again when it ends; a question it was at is asked
once more, since asking changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from mlwright.core.errors import FaultError
from mlwright.scoring.native.foreign import ForeignModel
from mlwright.scoring.scorer import Scorer


class SlowLane:
    """One thread that asks a slow model, and what waits for it; ``submit`` may be called by any.

    Parameters
    ----------
    most
        How many requests may wait or be answered at once.
    timeout
        Seconds after which the model's process is ended, so that the next are answered.
    """

    def __init__(self, native: ForeignModel, *, most: int, timeout: float) -> None:
        native.timeout = timeout
        self._native = native
        self._most = most
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "slow")

    @property
    def told(self) -> str:
        """What the model is, in words."""
        return self._native.told

    @property
    def pid(self) -> int | None:
        """The number of the model's process, None while there is none."""
        return self._native.pid

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Put work in line.

        Raises
        ------
        FaultError
            ``foreign-busy`` when the line is full.
        """
        with self._lock:
            if self._waiting >= self._most:
                raise _busy(self._native.head.name, self._waiting)
            self._waiting += 1
        task = self._thread.submit(work)
        task.add_done_callback(self._done)
        return task

    def close(self) -> None:
        """End the process and let nobody wait any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._native.stop()

    def _done(self, _: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1


def lane_of(scorer: Scorer, *, most: int, timeout: float) -> SlowLane | None:
    """Return the slow lane of a model that needs one; None for one that is scored here."""
    native = scorer.native
    if not isinstance(native, ForeignModel):
        return None
    return SlowLane(native, most=most, timeout=timeout)


def _busy(name: str, waiting: int) -> FaultError:
    return FaultError(
        "foreign-busy",
        f"{waiting} requests wait for {name}, which answers in a slow process of its own",
        fix="send it again a little later, several rows in one request, or give serve.slow_queue "
        "more room",
        facts={"model": name, "waiting": waiting},
    )
