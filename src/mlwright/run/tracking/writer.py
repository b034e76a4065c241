"""The writer of one run in one process: what is logged is gathered, and made durable in batches."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping
from threading import Event, Lock, Thread
from weakref import WeakSet, ref

from mlwright.core.errors import MlwrightError
from mlwright.core.seam import Seam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.run.points import FEW, Batch, Buffer
from mlwright.run.tracking.events import points_event
from mlwright.store.protocol import Store

MOST = 1_000
"""How many points wait before whoever logs the next makes them durable."""

PATIENCE = 1.0
"""How many seconds a point waits at most."""


class Writer:
    """A sink whose points become durable: at once with :meth:`flush`, else within a second.

    What :meth:`flush` returned for is on disk and survives any end of the process and a loss of
    power. Of what was logged since, an end that nothing can be done about (``kill -9``) loses at
    most the last second, and at most ``MOST`` points.

    Several threads may log. After a fork the child has a writer of its own for the same run:
    what waited in the parent stays the parent's.

    Parameters
    ----------
    scope
        What stands before the name of each metric.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        seam: Seam,
        run: str,
        *,
        scope: str = "",
        most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:
        self.run = run
        self._store = store
        self._ledger = ledger
        self._seam = seam
        self._scope = scope
        self._most = most
        self._patience = patience
        self._begin()
        _WRITERS.add(self)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._points = Buffer(self._seam, scope=self._scope)
        self._turn = Lock()
        self._first = Event()
        self._ended = Event()
        self._thread: Thread | None = None
        self._starting = Lock()

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Take one value of each metric.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value`` or ``metric-step``.
        FaultError
            ``disk-full`` and other faults, once ``MOST`` points wait that could not be kept.
        """
        waiting = self._points.add(values, step)
        if waiting >= self._most:
            self.flush()
        elif not self._first.is_set():
            self._wait_for_more()

    def say(self, text: str) -> None:
        """Keep a line, as a note of the run, before returning."""
        self.record(NewEvent("run.noted", self.run, {"note": text}))

    def record(self, event: NewEvent) -> None:
        """Make an event durable, after all that was logged before it."""
        self.flush()
        self._ledger.append([event])

    def flush(self) -> None:
        """Make everything logged so far durable before returning."""
        with self._turn:
            batch = self._points.take()
            if batch:
                self._keep(batch)

    def close(self) -> Batch:
        """End the writer: all is durable but the few last points, which are returned."""
        self._ended.set()
        self._first.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._turn:
            batch = self._points.take()
            if sum(len(series.steps) for series in batch.values()) > FEW:
                self._keep(batch)
                return {}
        return batch

    def _keep(self, batch: Batch) -> None:
        try:
            event = points_event(self.run, batch, self._store.put)
            assert event is not None
            self._ledger.append([event])
        except BaseException:
            self._points.give_back(batch)
            raise

    def _wait_for_more(self) -> None:
        """Have the points kept in a moment, with those that come until then."""
        self._first.set()
        with self._starting:
            if self._thread is None and not self._ended.is_set():
                self._thread = Thread(target=self._write_now_and_then, daemon=True)
                self._thread.start()
                _flush_at_exit(self)

    def _write_now_and_then(self) -> None:
        while not self._ended.is_set():
            self._first.wait()
            if self._ended.wait(self._patience):
                return
            self._first.clear()
            try:
                self.flush()
            except MlwrightError:
                self._first.set()  # tried again in a second; whoever flushes is told the reason

    def _hold(self) -> None:
        """Wait until nothing is being written: a fork now copies no half-written state."""
        self._turn.acquire()

    def _go_on(self) -> None:
        self._turn.release()


_WRITERS: WeakSet[Writer] = WeakSet()
_HELD: list[Writer] = []


def _flush_at_exit(writer: Writer) -> None:
    """Have what waits kept when the process ends in an orderly way."""
    known = ref(writer)

    def flush() -> None:
        if (found := known()) is not None:
            found.flush()

    ending = sys.modules.get("multiprocessing.util")
    if ending is not None:  # its children end without Python's own calls at exit
        ending.Finalize(None, flush, exitpriority=100)
    else:
        atexit.register(flush)


def _before_fork() -> None:
    _HELD[:] = list(_WRITERS)
    for writer in _HELD:
        writer._hold()


def _after_in_parent() -> None:
    for writer in _HELD:
        writer._go_on()
    _HELD.clear()


def _after_in_child() -> None:
    for writer in _HELD:
        writer._begin()
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
