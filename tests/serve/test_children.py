"""Children kept alive: started again when they end, later each time they end at once."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from mlwright.core.errors import MlwrightError
from mlwright.serve.children import Child, Crew, Started, State

ANSWERS = "import time; print('ready', flush=True); time.sleep(60)"
LEAVES = "raise SystemExit(7)"
STAYS = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(60)"
)


def _program(text: str) -> Callable[[], Started]:
    def start() -> Started:
        said, says = os.pipe()
        process = subprocess.Popen([sys.executable, "-S", "-c", text], stdout=says)
        os.close(says)
        return Started(process, said)

    return start


class Stage:
    """A crew of one, and what was told of it."""

    def __init__(self, text: str) -> None:
        self.told: list[MlwrightError] = []
        self.selector = selectors.DefaultSelector()
        self.child = Child("worker 1", _program(text), clock=monotonic)
        self.crew = Crew([self.child], self.selector, tell=self.told.append)

    def until(self, done: Callable[[], bool], seconds: float = 60.0) -> float:
        """Tend the crew until something is so, and return how long it took."""
        start = monotonic()
        while not done():
            assert monotonic() - start < seconds, f"not so within {seconds} s: {self.told}"
            self.crew.tend(0.05)
        return monotonic() - start


@pytest.fixture
def stage() -> Iterator[Callable[[str], Stage]]:
    stages: list[Stage] = []

    def make(text: str) -> Stage:
        stages.append(Stage(text))
        return stages[-1]

    yield make
    for each in stages:
        each.crew.end(0.0)
        each.selector.close()


def test_a_killed_child_answers_again_within_two_seconds_each_time(
    stage: Callable[[str], Stage],
) -> None:
    on = stage(ANSWERS)
    on.until(lambda: on.crew.ready)
    taken = []

    for _ in range(5):
        killed = on.child.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        taken.append(on.until(lambda gone=killed: on.crew.ready and on.child.pid != gone))

    # Of five the middle: a busy machine may hold up one of them.
    assert sorted(taken)[2] < 2.0, taken
    assert [error.facts["code"] for error in on.told] == [-signal.SIGKILL] * 5
    assert "SIGKILL" in on.told[0].message


def test_a_child_that_keeps_ending_is_told_of_and_started_later_each_time(
    stage: Callable[[str], Stage],
) -> None:
    on = stage(LEAVES)

    on.until(lambda: len(on.told) == 5)

    assert [error.code for error in on.told] == ["process-ended"] * 2 + ["process-keeps-ending"] * 3
    assert [error.facts["in_a_row"] for error in on.told] == [1, 2, 3, 4, 5]
    assert on.told[-1].fix.endswith("in 0.8 s")
    assert not on.child.due()


def test_a_child_that_cannot_be_started_stops_no_other_and_is_tried_again(
    stage: Callable[[str], Stage],
) -> None:
    on = stage(ANSWERS)
    begin, refusals = _program(ANSWERS), iter([OSError(28, "No space left on device")] * 2)

    def start() -> Started:
        for refusal in refusals:
            raise refusal
        return begin()

    late = Child("worker 2", start, clock=monotonic)
    on.crew = Crew([late, on.child], on.selector, tell=on.told.append)

    on.until(lambda: on.child.state is State.READY)
    on.until(lambda: late.state is State.READY)

    assert [error.code for error in on.told] == ["process-not-started"] * 2
    assert "No space left" in on.told[0].message


def test_a_child_that_does_not_leave_is_killed_and_named(stage: Callable[[str], Stage]) -> None:
    on, other = stage(STAYS), stage(ANSWERS)
    for each in (on, other):
        each.until(lambda of=each: of.crew.ready)

    assert other.crew.end(5.0) == ()
    assert on.crew.end(0.2) == ("worker 1",)
    assert on.child.pid is None


def test_one_killed_while_it_starts_after_many_kills_is_started_again_at_once(
    stage: Callable[[str], Stage],
) -> None:
    on = stage(f"import time; time.sleep(0.5); {ANSWERS}")
    for _ in range(6):
        on.until(lambda: on.crew.ready)
        assert on.child.pid is not None
        os.kill(on.child.pid, signal.SIGKILL)
        on.until(lambda: not on.crew.ready)

    on.until(lambda: on.child.state is State.STARTING)
    assert on.child.pid is not None
    os.kill(on.child.pid, signal.SIGKILL)

    on.until(lambda: on.child.state is State.WAITING)
    assert on.told[-1].fix.endswith("in 0.0 s")
    assert on.child.due()
