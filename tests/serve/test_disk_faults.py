"""When the disk refuses, so does the worker, by code; when it takes again, so does the worker."""

from __future__ import annotations

import errno
import resource
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from mlwright.serve import lookup
from mlwright.serve.records import Filter

from .conftest import Start, Trained, Worker
from .load import Load

RESUMED = 2.0
"""Seconds from the end of a fault to the next answer, as promised."""

Fault = Callable[[], AbstractContextManager[None]]


@contextmanager
def failing_calls(worker: Worker, folder: Path, point: str, number: int) -> Iterator[None]:
    """Have a call of the C library fail in the worker, for the block."""
    control = ["fiu-ctrl", "-f", str(folder / "fiu")]
    process = str(worker.process.pid)
    on = f"enable name={point},failinfo={number}"
    subprocess.run([*control, "-c", on, process], check=True, capture_output=True)
    try:
        yield
    finally:
        off = f"disable name={point}"
        subprocess.run([*control, "-c", off, process], check=True, capture_output=True)


@contextmanager
def small_files(worker: Worker) -> Iterator[None]:
    """Let no file of the worker grow, for the block."""
    limits = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def full(worker: Worker) -> Iterator[None]:
    """Keep the disk full the records lie on, for the block, whatever the worker gives back."""
    filler = worker.records.parent / "filler"
    ending = Event()

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            while not ending.is_set():
                try:
                    file.write(bytes(4096))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    ending.wait(0.002)

    thread = Thread(target=fill)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
        filler.unlink()


def test_writes_and_syncs_that_fail_are_told_and_lose_nothing(
    start: Start, trained: Trained, tmp_path: Path
) -> None:
    worker = start(through=("fiu-run", "-x", "-f", str(tmp_path / "fiu")))

    _story(
        worker,
        trained,
        lambda: failing_calls(worker, tmp_path, "posix/io/rw/pwrite", errno.ENOSPC),
        lambda: failing_calls(worker, tmp_path, "posix/io/rw/pwrite", errno.EIO),
        lambda: failing_calls(worker, tmp_path, "posix/io/sync/fdatasync", errno.EIO),
        lambda: small_files(worker),
    )


@pytest.mark.parametrize("small_disk", ["12m"], indirect=True)
def test_a_full_disk_is_told_and_loses_nothing(
    start: Start, trained: Trained, small_disk: Path
) -> None:
    worker = start(records=small_disk / "records")

    _story(worker, trained, lambda: full(worker), lambda: full(worker))


def _story(worker: Worker, trained: Trained, *faults: Fault) -> None:
    row = trained.rows[0]
    load = Load(worker.port, "churn", row, clients=16, pause=0.005)
    back: list[float] = []
    with load.running():
        for fault in faults:
            sleep(0.2)
            with fault():
                # On a full disk what a failed segment gives back may take a few records more.
                worker.until(lambda: _refuses(worker, row))
                assert worker.ask("/healthz").status == 200
                sleep(0.6)
            ended = monotonic()
            worker.until(lambda since=ended: load.answered_after(since) is not None)  # type: ignore[misc]
            answer = load.answered_after(ended)
            assert answer is not None
            back.append(answer.got - ended)
            assert worker.ask("/readyz").status == 200

    print(f"{len(load.good)} answers; back after {[round(each, 2) for each in back]} s")
    # The middle one: a busy machine may hold up one of them.
    assert sorted(back)[(len(back) - 1) // 2] < RESUMED, back
    assert load.dropped == []
    refused = [answer for answer in load.answers if answer.status != 200]
    assert {(a.status, a.json["code"]) for a in refused} == {(503, "records-unavailable")}
    assert worker.leave() == 0
    assert worker.log.read_text() == ""
    found = {each.id: each for each in lookup.scan(worker.records, Filter(), lambda _: None)}
    for answered in load.good:
        assert found[answered.id].answer == tuple(answered.json["probability"].values())


def _refuses(worker: Worker, row: Mapping[str, object]) -> bool:
    readiness, reply = worker.ask("/readyz"), worker.ask("/churn/predict", row)
    if readiness.status == reply.status == 503:
        assert (readiness.code, reply.code) == ("not-ready", "records-unavailable")
        return True
    return False
