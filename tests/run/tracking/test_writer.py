"""What was acknowledged survives the end of its writer, whichever processes and threads write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from mlwright.core.errors import FaultError
from mlwright.core.seam import ReplaySeam, SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify
from mlwright.run.tracking.reading import points
from mlwright.run.tracking.writer import Writer
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore

KILLED = """
import sys, os
from pathlib import Path
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.tracking.writer import Writer
from mlwright.store.local import LocalStore
folder, run, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ledger = Ledger.open(folder, SystemSeam())
writer = Writer(LocalStore(folder), ledger, SystemSeam(), run)
for step in range(1_000_000):
    writer.log({f"loss {sys.argv[4]}": 1 / (step + 1), "größe": float("nan")}, step)
    if step % many == 0:
        writer.flush()
        os.write(1, b"%d\\n" % step)
"""


def begun(folder: Path, *runs: str) -> None:
    with Ledger.open(folder, SystemSeam(), create=True) as ledger:
        ledger.append([NewEvent("run.started", run, {"command": "track"}) for run in runs])


def test_killing_two_writers_of_one_run_loses_nothing_they_acknowledged(tmp_path: Path) -> None:
    begun(tmp_path, "r_a")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), "r_a", many, name],
            stdout=subprocess.PIPE,
        )
        for many, name in (("7", "a"), ("300", "b"))
    ]
    told = []
    for writer in writers:
        assert writer.stdout is not None
        told.append(writer.stdout.readline())
    time.sleep(0.3)
    acknowledged = {}
    for writer, first, name in zip(writers, told, "ab", strict=True):
        os.kill(writer.pid, signal.SIGKILL)
        assert writer.stdout is not None
        lines = [first, *writer.stdout.read().splitlines(keepends=True)]
        acknowledged[name] = int([line for line in lines if line.endswith(b"\n")][-1])
        writer.wait()
        writer.stdout.close()

    with Ledger.open(tmp_path, SystemSeam()) as ledger:
        found = points(ledger, LocalStore(tmp_path), "r_a")
        verify(ledger)

    for name, last in acknowledged.items():
        steps = list(found[f"loss {name}"].steps)
        assert steps == list(range(len(steps)))
        assert len(steps) > last
        assert all(
            value == 1 / (step + 1)
            for step, value in zip(steps, found[f"loss {name}"].values, strict=True)
        )
    assert all(value != value for value in found["größe"].values)


def test_points_become_durable_by_themselves(tmp_path: Path) -> None:
    begun(tmp_path, "r_a")
    with Ledger.open(tmp_path, SystemSeam()) as ledger:
        writer = Writer(MemoryStore(), ledger, SystemSeam(), "r_a", patience=0.01)
        writer.log({"loss": 1.0})
        until = time.monotonic() + 60
        while ledger.size < 2 and time.monotonic() < until:
            time.sleep(0.005)
        writer.log({"loss": 2.0})
        while ledger.size < 3 and time.monotonic() < until:
            time.sleep(0.005)

        assert ledger.size == 3
        assert writer.close() == {}


def test_a_thousand_points_are_kept_at_once_in_one_event_and_one_object() -> None:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        store = MemoryStore()
        writer = Writer(store, ledger, ReplaySeam(), "r_a", patience=60)
        for step in range(2_500):
            writer.log({"loss": 1.0}, step)
        written = list(ledger.events(kind="points.logged"))
        writer.flush()

        assert [event.facts["metrics"]["loss"][0] for event in written] == [1000, 1000]  # type: ignore[index]
        assert len(list(store.digests())) == 3
        assert writer.close() == {}


def test_threads_of_one_writer_lose_nothing(tmp_path: Path) -> None:
    with Ledger.in_memory(SystemSeam()) as ledger:
        store = MemoryStore()
        ledger.append([NewEvent("run.started", "r_a", {"command": "track"})])
        writer = Writer(store, ledger, SystemSeam(), "r_a", patience=0.001)

        def work(name: str) -> None:
            for _ in range(3_000):
                writer.log({name: 0.5})

        threads = [Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.flush()

        found = points(ledger, store, "r_a")

    assert {name: list(each.steps) for name, each in found.items()} == {
        name: list(range(3_000)) for name in "abc"
    }


def test_a_fault_of_the_disk_is_told_and_what_waited_is_kept_once_there_is_room() -> None:
    class Full(MemoryStore):
        full = True

        def put(self, content: bytes) -> object:  # type: ignore[override]
            if self.full:
                raise FaultError("disk-full", "full", fix="free space")
            return super().put(content)

    with Ledger.in_memory(ReplaySeam()) as ledger:
        store = Full()
        ledger.append([NewEvent("run.started", "r_a", {"command": "track"})])
        writer = Writer(store, ledger, ReplaySeam(), "r_a", most=100, patience=60)
        for step in range(99):
            writer.log({"loss": step}, step)
        with pytest.raises(FaultError, match="disk-full"):
            writer.log({"loss": 99}, 99)
        with pytest.raises(FaultError, match="disk-full"):
            writer.log({"loss": 100}, 100)
        store.full = False
        writer.flush()

        assert list(points(ledger, store, "r_a")["loss"].values) == [float(n) for n in range(101)]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_writes_to_the_same_run_what_it_logs_itself(tmp_path: Path) -> None:
    begun(tmp_path, "r_a")
    with Ledger.open(tmp_path, SystemSeam()) as ledger:
        writer = Writer(LocalStore(tmp_path), ledger, SystemSeam(), "r_a", patience=0.001)
        children = []
        for number in range(4):
            writer.log({"parent": number}, number)
            child = os.fork()
            if child == 0:
                try:
                    for step in range(50):
                        writer.log({f"child {number}": step}, step)
                    writer.flush()
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(child)
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        writer.flush()

        found = points(ledger, LocalStore(tmp_path), "r_a")
        verify(ledger)

    assert ended == [0] * 4
    assert {name: len(each.steps) for name, each in found.items()} == {
        "parent": 4,
        **{f"child {number}": 50 for number in range(4)},
    }
