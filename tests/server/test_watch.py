"""The look at a project: in the background, told as it ended, not repeated for its own sake."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

from mlwright.core.seam import ReplaySeam
from mlwright.flows.examining import Finding
from mlwright.server.watch import Watch

WELL = Finding("log", True, "5 events")


def test_a_page_does_not_wait_for_a_look_that_takes_long() -> None:
    may_end = threading.Event()

    def examine() -> Sequence[Finding]:
        may_end.wait(30)
        return (WELL,)

    watch = Watch(examine, ReplaySeam())
    at_first = watch.latest(wait=0.05)
    may_end.set()
    later = watch.latest(wait=30)

    assert at_first is None
    assert later is not None
    assert later.well


def test_a_look_that_fails_is_told_and_is_not_well() -> None:
    def examine() -> Sequence[Finding]:
        raise OSError("the disk went away")

    look = Watch(examine, ReplaySeam()).latest(wait=30)

    assert look is not None
    assert not look.well
    assert look.error == "OSError: the disk went away"


def test_the_project_is_looked_at_again_once_the_look_has_grown_old() -> None:
    seam = ReplaySeam(step=timedelta(seconds=1))
    looks = []

    def examine() -> Sequence[Finding]:
        looks.append(1)
        return (WELL,)

    watch = Watch(examine, seam)
    for _ in range(50):
        watch.latest(wait=30)
    early = len(looks)
    for _ in range(100):
        watch.latest(wait=30)
    for thread in threading.enumerate():
        if thread.name == "mlwright-watch":
            thread.join(30)

    assert early == 1
    assert len(looks) in (2, 3)
