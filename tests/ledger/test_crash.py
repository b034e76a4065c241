"""Whatever ends a writer, no acknowledged event is lost and the log verifies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlwright.core.errors import FaultError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify

WRITER = """
import sys
from pathlib import Path
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
ledger = Ledger.open(Path(sys.argv[1]), SystemSeam(), create=True)
for batch in range(1_000_000):
    new = NewEvent("k", f"r_{sys.argv[2]}", {"batch": batch})
    for event in ledger.append([new] * (batch % 40 + 1)):
        sys.stdout.write(f"{event.sequence} {event.leaf.hex()}\\n")
    sys.stdout.flush()
    if batch % 10 == 0:
        ledger.checkpoint()
"""


def start(folder: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name], stdout=subprocess.PIPE, text=True
    )


def test_killing_the_writer_loses_no_acknowledged_event(tmp_path: Path) -> None:
    draw = random.Random(7)
    acknowledged: dict[int, str] = {}
    for attempt in range(5):
        writer = start(tmp_path, str(attempt))
        assert writer.stdout is not None
        told = [writer.stdout.readline()]
        time.sleep(draw.uniform(0.0, 0.25))
        os.kill(writer.pid, signal.SIGKILL)
        told += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        for line in told:
            if line.endswith("\n"):
                sequence, leaf = line.split()
                acknowledged[int(sequence)] = leaf

        with Ledger.open(tmp_path, ReplaySeam()) as ledger:
            assert verify(ledger).size > max(acknowledged)
            found = {event.sequence: event.leaf.hex() for event in ledger.events()}
        assert acknowledged.items() <= found.items()


def test_processes_that_write_at_once_make_one_gapless_log(tmp_path: Path) -> None:
    """They also meet while the ledger does not exist yet: one makes it."""
    writers = [start(tmp_path, str(number)) for number in range(4)]
    told: dict[int, str] = {}
    for writer in writers:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(150)]
        for line in lines:
            sequence, leaf = line.split()
            assert int(sequence) not in told
            told[int(sequence)] = leaf
    for writer in writers:
        assert writer.stdout is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        report = verify(ledger)
        found = {event.sequence: event.leaf.hex() for event in ledger.events()}
        subjects = {event.subject for event in ledger.events()}
    assert sorted(found) == list(range(report.size))
    assert told.items() <= found.items()
    assert subjects == {"r_0", "r_1", "r_2", "r_3"}


def test_a_writer_killed_while_it_holds_the_turn_does_not_stop_the_others(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True):
        pass
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from mlwright.core.seam import SystemSeam\nfrom mlwright.ledger.ledger import Ledger\n"
        "from mlwright.ledger.records import NewEvent\n"
        "ledger = Ledger.open(Path(sys.argv[1]), SystemSeam())\n"
        "def decide(log):\n"
        "    print('inside', flush=True)\n    time.sleep(60)\n    return [NewEvent('k', 'r_x')]\n"
        "ledger.append_checked(decide)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "inside\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        assert ledger.append([NewEvent("k", "r_aa")])[0].sequence == 0


def _append_until_it_fails(ledger: Ledger, events: list[NewEvent]) -> None:
    for _ in range(20):
        ledger.append(events)


def test_a_full_disk_is_named_and_appending_goes_on_once_there_is_room(small_disk: Path) -> None:
    draw = random.Random(7)
    large = [NewEvent("k", "r_aa", {"text": draw.randbytes(2000).hex()}) for _ in range(50)]
    ballast = small_disk / "ballast"
    with Ledger.open(small_disk / "ledger", ReplaySeam(), create=True) as ledger:
        before = ledger.append(large[:3])
        ballast.write_bytes(bytes(1 << 20))

        with pytest.raises(FaultError) as caught:
            _append_until_it_fails(ledger, large)

        assert caught.value.code == "disk-full"
        assert "the disk is full" in caught.value.message
        size = ledger.size
        assert verify(ledger).size == size >= len(before)
        ballast.unlink()
        (after,) = ledger.append([NewEvent("k", "r_bb")])
        assert after.sequence == size
        assert verify(ledger).size == size + 1


def test_a_disk_too_full_for_a_new_ledger_is_named_and_later_it_is_made(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes((2 << 20) - 4096))

    with pytest.raises(FaultError) as caught:
        Ledger.open(small_disk / "ledger", ReplaySeam(), create=True)

    assert caught.value.code == "disk-full"
    ballast.unlink()
    with Ledger.open(small_disk / "ledger", ReplaySeam(), create=True) as ledger:
        assert verify(ledger).size == 0


def test_a_file_size_limit_is_told_and_nothing_is_half_recorded(tmp_path: Path) -> None:
    code = (
        "import random, resource, sys\nfrom pathlib import Path\n"
        "from mlwright.core.errors import FaultError\n"
        "from mlwright.core.seam import SystemSeam\nfrom mlwright.ledger.ledger import Ledger\n"
        "from mlwright.ledger.records import NewEvent\n"
        "ledger = Ledger.open(Path(sys.argv[1]), SystemSeam(), create=True)\n"
        "ledger.append([NewEvent('k', 'r_aa')])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "try:\n"
        "    while True:\n        text = random.randbytes(10_000).hex()\n"
        "        ledger.append([NewEvent('k', 'r_aa', {'x': text})])\n"
        "except FaultError as error:\n    print(error)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout

    assert "[disk-error]" in told
    assert "ulimit -f" in told
    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        assert verify(ledger).size == ledger.append([NewEvent("k", "r_bb")])[0].sequence
