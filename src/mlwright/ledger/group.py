"""Group append: what waits while one transaction commits goes into the next, together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from mlwright.core.errors import MlwrightError
from mlwright.ledger.body import Draft
from mlwright.ledger.records import Event


@dataclass(slots=True, eq=False)
class _Request:
    drafts: Sequence[Draft]
    events: tuple[Event, ...] | None = None


class Group:
    """Threads that commit at the same time share one transaction, and so one flush of the disk.

    Whoever has the turn commits for all that wait. No timer is involved: alone, nobody waits.
    """

    def __init__(self, commit: Callable[[Sequence[Draft]], tuple[Event, ...]]) -> None:
        self._commit = commit
        self._turn = Lock()
        self._waiting: deque[_Request] = deque()

    def commit(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Return the events made of the drafts, once they are durable."""
        if not drafts:
            return ()
        request = _Request(drafts)
        self._waiting.append(request)
        with self._turn:
            if request.events is None:
                self._lead(request)
        assert request.events is not None
        return request.events

    def _lead(self, request: _Request) -> None:
        together = [request]
        while self._waiting:
            other = self._waiting.popleft()
            if other is not request:
                together.append(other)
        try:
            self._carry_out(together)
        except MlwrightError:
            if len(together) == 1:
                raise
            # The fault may be another's: alone, each learns of its own. The others do so when
            # their turn comes, for they find themselves not carried out.
            self._carry_out([request])

    def _carry_out(self, together: Sequence[_Request]) -> None:
        events = self._commit([each for request in together for each in request.drafts])
        start = 0
        for request in together:
            request.events = events[start : start + len(request.drafts)]
            start += len(request.drafts)
