"""Sealing loses nothing and doubles nothing, wherever it is interrupted, and shows every change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serve.recorded import Log, record

from mlwright.core.errors import BrokenError
from mlwright.serve.lookup import count, find, labels_of
from mlwright.serve.sealed import SealedReader, labels_file, records_file
from mlwright.serve.segments import numbers, open_folder, path_of, reading

REQUESTS = [[{"k": k, "row": r, "odd": k % 5 == 0} for r in range(k % 3 + 1)] for k in range(30)]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in open_folder(folder).iterdir())


def verified(folder: Path, log: Log, number: int = 1) -> int:
    seal = log.seals(number)
    assert seal is not None
    root, held = SealedReader(folder, number, seal).verify()
    assert root == seal.root
    return held


def test_a_sealed_segment_says_what_the_open_one_said_and_counts_it(tmp_path: Path) -> None:
    ids = record(tmp_path, REQUESTS)
    log = Log()
    before = [find(each, tmp_path, log.seals) for each in ids]
    labels = labels_of(before[0], tmp_path, log.seals, key="row 0")

    report = log.seal(tmp_path)

    (entry,) = report.sealed
    assert not report.faults
    assert (entry.records, entry.predictions, entry.labels) == (30, 60, 2)
    assert entry.refs == {"churn@1": 30, "late@1": 30}
    assert entry.first <= entry.last
    assert files(tmp_path) == []
    assert verified(tmp_path, log) == 32
    after = [find(each, tmp_path, log.seals) for each in ids]
    assert all(each.segment.sealed and each.segment.root == entry.root for each in after)
    for one, other in zip(before, after, strict=True):
        assert not one.segment.sealed
        assert (one.id, one.time, one.body, one.answer, one.flags, one.row, one.rows) == (
            (other.id, other.time, other.body, other.answer, other.flags, other.row, other.rows)
        )
    assert labels_of(after[0], tmp_path, log.seals, key="row 0") == labels
    assert [label.value for label in labels] == [True, "late"]
    assert count(tmp_path, ["m_churn", "m_none"]) == {"m_churn": 30, "m_none": 0}


def test_a_segment_that_holds_nothing_is_removed_without_an_entry(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom mlwright.serve.segments import *\n"
        "from mlwright.serve.records import Durability\n"
        "create(Path(sys.argv[1]), About(Durability.DURABLE, {}, {}, '0'))\nos._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert numbers(tmp_path) == [1]

    report = Log().seal(tmp_path)

    assert (report.sealed, report.removed) == ((), 1)
    assert files(tmp_path) == []


def interrupted_before_the_entry(folder: Path, log: Log) -> None:
    log.stop_before = True
    with pytest.raises(KeyboardInterrupt):
        log.seal(folder)
    assert records_file(folder, 1).exists()
    assert not log.entries


def interrupted_between_the_files(folder: Path, log: Log) -> None:
    interrupted_before_the_entry(folder, log)
    labels_file(folder, 1).unlink()


def interrupted_after_the_entry(folder: Path, log: Log) -> None:
    log.stop_after = True
    with pytest.raises(KeyboardInterrupt):
        log.seal(folder)
    assert len(log.entries) == 1
    assert path_of(open_folder(folder), 1).exists()


def interrupted_while_the_open_file_is_removed(folder: Path, log: Log) -> None:
    aside = folder / "aside"
    shutil.copytree(open_folder(folder), aside)
    log.seal(folder)
    for name in ("00000001.lock", "00000001.db"):
        shutil.copy(aside / name, open_folder(folder) / name)
    path_of(open_folder(folder), 1).unlink()
    (open_folder(folder) / "00000001.db-wal").write_bytes(b"left")


def a_lock_lost_with_the_power(folder: Path, log: Log) -> None:
    (open_folder(folder) / "00000001.lock").unlink()


@pytest.mark.parametrize(
    "interrupt",
    [
        interrupted_before_the_entry,
        interrupted_between_the_files,
        interrupted_after_the_entry,
        interrupted_while_the_open_file_is_removed,
        a_lock_lost_with_the_power,
    ],
)
def test_sealing_interrupted_between_two_steps_is_found_in_and_repeated(
    tmp_path: Path, interrupt: object
) -> None:
    ids = record(tmp_path, REQUESTS)
    log = Log()
    assert callable(interrupt)
    interrupt(tmp_path, log)
    half = [find(each, tmp_path, log.seals).body for each in ids]
    log.stop_before = log.stop_after = False

    log.seal(tmp_path)
    again = log.seal(tmp_path)

    assert not again.sealed
    assert len(log.entries) == 1
    assert files(tmp_path) == []
    assert verified(tmp_path, log) == 32
    assert [find(each, tmp_path, log.seals).body for each in ids] == half
    assert count(tmp_path, ["m_churn"]) == {"m_churn": 30}


def test_the_open_file_stays_when_the_sealed_one_is_not_whole(tmp_path: Path) -> None:
    ids = record(tmp_path, REQUESTS)
    log = Log()
    interrupted_after_the_entry(tmp_path, log)
    log.stop_after = False
    records_file(tmp_path, 1).write_bytes(b"PAR1 cut off")

    report = log.seal(tmp_path)

    assert report.faults[1].code == "segment-broken"
    assert path_of(open_folder(tmp_path), 1).exists()
    assert find(ids[0], tmp_path, log.seals).row == 0


def test_a_damaged_segment_is_told_and_the_others_are_sealed(tmp_path: Path) -> None:
    record(tmp_path, REQUESTS)
    record(tmp_path, REQUESTS)
    path_of(open_folder(tmp_path), 1).write_bytes(b"no database at all" * 400)
    log = Log()

    report = log.seal(tmp_path)

    assert report.faults[1].code == "segment-broken"
    assert [entry.number for entry in report.sealed] == [3], "2 was prepared, and not needed"


def test_numbers_are_never_given_again_after_sealing(tmp_path: Path) -> None:
    first = record(tmp_path, REQUESTS[:2])
    log = Log()
    log.seal(tmp_path)

    second = record(tmp_path, REQUESTS[:2])

    assert not set(first) & set(second)
    log.seal(tmp_path)
    assert [entry.number for entry in log.entries] == [1, 3], "2 was prepared, and not needed"


def test_a_segment_a_living_worker_holds_is_left_alone(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom mlwright.serve.segments import *\n"
        "from mlwright.serve.records import Durability\n"
        "held = create(Path(sys.argv[1]), About(Durability.DURABLE, {}, {}, '0'))\n"
        "held.write([(0, 1, b'r', 5, 'e', 'e@1', 'm_a', 'live', b'{}', b'12345678', b'')], [])\n"
        "print(flush=True)\nsys.stdin.read()\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert worker.stdin is not None
    worker.stdout.readline()
    log = Log()

    report = log.seal(tmp_path)

    assert report.sealed == ()
    with reading(tmp_path, 1) as segment:
        assert segment is not None
        assert len(list(segment.newest_first())) == 1
    worker.kill()
    worker.wait()
    worker.stdin.close()
    worker.stdout.close()
    assert [entry.predictions for entry in log.seal(tmp_path).sealed] == [1]


@pytest.mark.parametrize("which", [records_file, labels_file])
def test_a_flipped_bit_anywhere_in_a_sealed_file_is_found(tmp_path: Path, which: object) -> None:
    ids = record(tmp_path, REQUESTS)
    log = Log()
    log.seal(tmp_path)
    assert callable(which)
    path = which(tmp_path, 1)
    whole = path.read_bytes()

    for place in range(5, len(whole), len(whole) // 40):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(BrokenError, match=path.name):
            verified(tmp_path, log)
        if which is records_file:
            with pytest.raises(BrokenError):
                find(ids[7], tmp_path, log.seals)

    path.write_bytes(whole)
    assert verified(tmp_path, log) == 32


def test_another_file_with_true_digests_but_other_records_is_found_by_the_root(
    tmp_path: Path,
) -> None:
    record(tmp_path / "a", REQUESTS)
    record(tmp_path / "b", REQUESTS[::-1])
    ours, theirs = Log(), Log()
    ours.seal(tmp_path / "a")
    theirs.seal(tmp_path / "b")
    seal, other = ours.seals(1), theirs.seals(1)
    assert seal is not None
    assert other is not None
    forged = type(seal)(root=seal.root, files=other.files, event=seal.event)

    with pytest.raises(BrokenError, match="root"):
        SealedReader(tmp_path / "b", 1, forged).verify()
