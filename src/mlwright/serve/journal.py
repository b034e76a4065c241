"""The group commit: every record is on disk before its answer is sent.

Whatever arrives while one commit runs is the next commit; there is no timer, so nothing waits
when nothing else is written. The event loop fills batches and one thread writes them, one
transaction each. Nobody who waits can be in the way of another: who has gone is told nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from mlwright import __version__
from mlwright.core.errors import DataError, FaultError, MlwrightError
from mlwright.core.ids import Noun
from mlwright.core.seam import Seam
from mlwright.serve.clock import microseconds
from mlwright.serve.ids import RANDOM_BYTES, SEQUENCES, place_text, random_text
from mlwright.serve.records import Durability, JournalLimits, Truth
from mlwright.serve.segments import About, OpenSegment, create

_AGAIN = 0.5  # seconds until a segment is tried anew after a fault
_OVERHEAD = 256  # bytes a record takes beside its body, answers and flags
_DRAWN = 256  # random values drawn at once
_TOGETHER = 64  # requests from which a batch does not wait for more


class Ticket:
    """The place of what was submitted, and the moment it is on disk."""

    __slots__ = ("_batch", "_first", "_noun", "_tail")

    def __init__(self, batch: _Batch, noun: str, first: int, random: bytes) -> None:
        self._batch = batch
        self._noun = noun
        self._first = first
        self._tail = random_text(random)

    def id(self, row: int) -> str:
        """Return the id of a row of the request; it means nothing before it is written."""
        return (
            f"{self._noun}_{place_text(self._batch.segment.number, self._first + row)}{self._tail}"
        )

    def then(self, tell: Callable[[MlwrightError | None], None]) -> None:
        """Have someone told, on the event loop, when the record is on disk or cannot be written.

        ``tell`` gets None or ``records-unavailable``, and must not raise.
        """
        self._batch.then(tell)

    def written(self) -> asyncio.Future[None]:
        """Return what ends when the record is on disk; cancelling it harms nobody else.

        Raises
        ------
        FaultError
            ``records-unavailable``, when awaited, if it could not be written.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.then(partial(_resolve, future))
        return future


class _Batch:
    """What goes to the disk in one transaction."""

    __slots__ = ("_outcome", "_waiters", "labels", "records", "requests", "segment", "size")

    def __init__(self, segment: OpenSegment) -> None:
        self.segment = segment
        self.records: list[tuple[Any, ...]] = []
        self.labels: list[tuple[Any, ...]] = []
        self.requests = 0
        self.size = 0
        self._waiters: list[Callable[[MlwrightError | None], None]] | None = []
        self._outcome: MlwrightError | None = None

    def then(self, tell: Callable[[MlwrightError | None], None]) -> None:
        if self._waiters is None:
            tell(self._outcome)
        else:
            self._waiters.append(tell)

    def settle(self, outcome: MlwrightError | None) -> None:
        waiters, self._waiters, self._outcome = self._waiters or (), None, outcome
        for tell in waiters:
            tell(outcome)


def _resolve(future: asyncio.Future[None], outcome: MlwrightError | None) -> None:
    if future.done():  # whoever waited has gone
        return
    if outcome is None:
        future.set_result(None)
    else:
        future.set_exception(outcome)


class Journal:
    """One worker's log of predictions and labels; everything public is called on the event loop.

    Parameters
    ----------
    folder
        Where all workers' segments lie.
    durability
        Whether a commit waits for the disk, or only for the operating system.
    policy, environment
        What is done with cells that break the contract, and what the worker runs on; kept with
        the records.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durability: Durability,
        policy: Mapping[str, str],
        environment: Mapping[str, str],
        seam: Seam,
        limits: JournalLimits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        if durability is Durability.OFF:
            raise ValueError("a worker that records nothing has no journal")
        self._folder = folder
        self._about = About(durability, dict(policy), dict(environment), __version__)
        self._seam = seam
        self._limits = limits
        self._loop = loop
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="journal", daemon=True)
        self._why_not = "it has not started"
        self._ended: asyncio.Future[None] | None = None
        # The segment that takes what is submitted, how far it is filled, and the one after it.
        self._segment: OpenSegment | None = None
        self._next = 0
        self._filled = 0
        self._spare: OpenSegment | None = None
        self._age: asyncio.TimerHandle | None = None
        # What the writer is to do next, in order; the last batch still takes submissions.
        self._pending: deque[_Batch | Callable[[], None]] = deque()
        self._batch: _Batch | None = None
        self._writing = False
        self._scheduled = False
        self._seen = 0  # requests the batch had in the turn before
        self._waiting = 0
        self._waiting_bytes = 0
        self._acknowledged: set[int] = set()
        self._randoms: list[bytes] = []

    @property
    def ready(self) -> bool:
        """Whether something can be recorded now."""
        return self._segment is not None

    @property
    def why_not(self) -> str:
        """Why nothing can be recorded, in one sentence; empty when it can."""
        return "" if self._segment is not None else self._why_not

    @property
    def waiting(self) -> int:
        """How many requests wait for the disk."""
        return self._waiting

    def start(self) -> None:
        """Open the first segment; when that fails, go on trying."""
        self._thread.start()
        try:
            segment = create(self._folder, self._about)
        except (MlwrightError, OSError) as error:
            self._not_opened(error)
        else:
            self._opened(segment)

    def submit(
        self,
        endpoint: str,
        ref: str,
        model: str,
        role: str,
        rows: int,
        body: bytes,
        answers: bytes,
        flags: bytes,
    ) -> Ticket:
        """Put one request in line for the disk.

        Parameters
        ----------
        body
            The request as it was sent.
        answers
            Rows x outputs as little-endian float64, row by row.
        flags
            A JSON array of ``Flag`` objects; empty when there is none.

        Raises
        ------
        FaultError
            ``records-busy`` when as much as may wait is waiting, so that it should be sent again
            later; ``records-unavailable`` when no segment is open. Nothing was recorded.
        """
        size = len(body) + len(answers) + len(flags) + _OVERHEAD
        batch = self._place(rows, size)
        first = self._next
        self._next = first + rows
        random = self._random()
        now = microseconds(self._seam.now())
        batch.records.append(
            (first, rows, random, now, endpoint, ref, model, role, body, answers, flags)
        )
        return Ticket(batch, Noun.PREDICTION.value, first, random)

    def submit_labels(self, labels: Sequence[Truth]) -> Ticket:
        """Put the truths of one request in line for the disk; row ``k`` of the ticket is the k-th.

        Raises
        ------
        FaultError
            ``records-busy`` when as much as may wait is waiting, so that it should be sent again
            later; ``records-unavailable`` when no segment is open. Nothing was recorded.
        DataError
            ``label-text``: an id or a key is no text.
        """
        for label in labels:
            _require_text(label)
        batch = self._place(len(labels), sum(len(label.value) + _OVERHEAD for label in labels))
        first = self._next
        self._next = first + len(labels)
        random = self._random()
        now = microseconds(self._seam.now())
        batch.labels += [
            (first + k, random, now, label.prediction, label.endpoint, label.key, label.value)
            for k, label in enumerate(labels)
        ]
        return Ticket(batch, Noun.LABEL.value, first, random)

    async def close(self) -> None:
        """Write what is in line, close the segment and end; nothing more can be submitted."""
        if self._ended is None:
            self._ended = self._loop.create_future()
            self._leave("it is shutting down")
            self._pending.append(self._end)
            self._hand_over()
        await asyncio.shield(self._ended)
        self._thread.join()

    def _place(self, rows: int, size: int) -> _Batch:
        """Return the batch that takes so many rows more, or refuse."""
        limits = self._limits
        if self._segment is None:
            raise _unavailable(self._why_not)
        if self._waiting and (
            self._waiting >= limits.queue_records or self._waiting_bytes + size > limits.queue_bytes
        ):
            raise FaultError(
                "records-busy",
                f"{self._waiting:,} requests of {self._waiting_bytes:,} bytes wait for the disk",
                fix="send it again a little later",
                facts={"waiting": self._waiting, "bytes": self._waiting_bytes},
            )
        after = self._next + rows
        most = min(limits.segment_rows, SEQUENCES)  # an id has no room for more
        if self._next and (after > most or self._filled > limits.segment_bytes):
            self._rotate()
            if self._next + rows > SEQUENCES:
                raise _unavailable("the segment is full and no other could be opened")
        self._waiting += 1
        self._waiting_bytes += size
        self._filled += size
        batch = self._batch
        if batch is None:
            batch = self._batch = _Batch(self._segment)
            self._plan(batch)
        batch.requests += 1
        batch.size += size
        return batch

    def _random(self) -> bytes:
        if not self._randoms:
            drawn = self._seam.random_bytes(RANDOM_BYTES * _DRAWN)
            self._randoms = [
                drawn[at : at + RANDOM_BYTES] for at in range(0, len(drawn), RANDOM_BYTES)
            ]
        return self._randoms.pop()

    def _plan(self, task: _Batch | Callable[[], None]) -> None:
        """Put a task behind what the writer is to do."""
        self._pending.append(task)
        if not self._writing and not self._scheduled:
            # At the end of this turn of the loop: what else has arrived by then goes along.
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        """Give the writer its next tasks, up to one batch.

        A batch that grew in the last turn of the loop waits for one more: what it costs to wake
        the writer and the disk is shared by all that go together.
        """
        self._scheduled = False
        batch = self._batch
        if batch is not None and not self._writing and self._seen < batch.requests < _TOGETHER:
            self._seen = batch.requests
            self._scheduled = True
            self._loop.call_soon(self._hand_over)
            return
        self._seen = 0
        while self._pending and not self._writing:
            task = self._pending.popleft()
            if isinstance(task, _Batch):
                if task is self._batch:
                    self._batch = None
                self._writing = True
                self._tasks.put(partial(self._write, task))
            else:
                self._tasks.put(task)

    def _written(self, batch: _Batch, error: MlwrightError | None) -> None:
        self._writing = False
        self._waiting -= batch.requests
        self._waiting_bytes -= batch.size
        if error is None:
            self._acknowledged.add(batch.segment.number)
            self._hand_over()  # first, so that the disk works while answers are sent
            batch.settle(None)
        else:
            self._fail(batch, error)
            self._hand_over()

    def _fail(self, batch: _Batch, error: MlwrightError) -> None:
        """Tell a batch, and what was to follow it into its segment, that it is not recorded."""
        lost = [batch]
        kept: deque[_Batch | Callable[[], None]] = deque()
        for task in self._pending:
            if isinstance(task, _Batch) and task.segment is batch.segment:
                lost.append(task)
                self._waiting -= task.requests
                self._waiting_bytes -= task.size
            else:
                kept.append(task)
        self._pending = kept
        if self._segment is batch.segment:
            self._leave(error.message)
            self._loop.call_later(_AGAIN, self._plan, self._open)
        for each in lost:
            each.settle(_unavailable(error.message))

    def _leave(self, why_not: str) -> None:
        """Stop taking submissions and let go of the segments."""
        self._why_not = why_not
        for segment in (self._segment, self._spare):
            if segment is not None:
                self._pending.append(partial(self._let_go, segment))
        self._segment = self._spare = self._batch = None
        if self._age is not None:
            self._age.cancel()

    def _opened(self, segment: OpenSegment) -> None:
        if self._ended is not None:
            segment.discard()
        elif self._segment is None:
            self._enter(segment)
        elif self._spare is None:
            self._spare = segment
        else:  # asked for twice, before a fault and after it
            self._plan(partial(self._let_go, segment))

    def _not_opened(self, error: Exception) -> None:
        if self._segment is None:
            self._why_not = error.message if isinstance(error, MlwrightError) else repr(error)
        if self._ended is None:
            self._loop.call_later(_AGAIN, self._plan, self._open)

    def _enter(self, segment: OpenSegment) -> None:
        """Take submissions into a segment and have the one after it prepared."""
        self._segment = segment
        self._next = self._filled = 0
        self._batch = None
        self._age = self._loop.call_later(self._limits.segment_age, self._age_out)
        self._plan(self._open)

    def _rotate(self) -> None:
        """Go on in the prepared segment; while there is none, in this one."""
        if self._segment is None or self._spare is None:
            return
        if self._age is not None:
            self._age.cancel()
        self._pending.append(partial(self._let_go, self._segment))
        segment, self._spare = self._spare, None
        self._enter(segment)

    def _age_out(self) -> None:
        before = self._segment
        if self._next:
            self._rotate()
        if self._segment is before is not None:
            wait = _AGAIN if self._next else self._limits.segment_age
            self._age = self._loop.call_later(wait, self._age_out)

    # What follows runs in the writer's thread.

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _write(self, batch: _Batch) -> None:
        outcome: MlwrightError | None = None
        try:
            batch.segment.write(batch.records, batch.labels)
        except MlwrightError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the top of a thread: every waiter is told
            outcome = FaultError("fault", repr(error), fix="report it", facts={})
        self._loop.call_soon_threadsafe(self._written, batch, outcome)

    def _open(self) -> None:
        try:
            segment = create(self._folder, self._about)
        except (MlwrightError, OSError) as error:
            self._loop.call_soon_threadsafe(self._not_opened, error)
        else:
            self._loop.call_soon_threadsafe(self._opened, segment)

    def _let_go(self, segment: OpenSegment) -> None:
        # What was committed is on disk, however closing goes; whoever seals tells of a fault.
        with suppress(MlwrightError, OSError):
            if segment.number in self._acknowledged:
                segment.close()
            else:
                segment.discard()

    def _end(self) -> None:
        self._tasks.put(None)
        self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if self._ended is not None:
            self._ended.set_result(None)


def _unavailable(why: str) -> FaultError:
    return FaultError(
        "records-unavailable",
        f"nothing can be recorded now: {why}",
        fix="send it again later; /readyz tells when this worker records again",
        facts={"why": why},
    )


def _require_text(label: Truth) -> None:
    for text in (label.prediction, label.endpoint, label.key):
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise DataError(
                "label-text",
                f"a label is about {text!r}, which holds half a character (a lone surrogate)",
                fix="send the key as it stands in the table",
                facts={"text": repr(text)},
            ) from None
