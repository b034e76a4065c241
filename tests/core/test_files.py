"""A file is written whole or not at all, and what stops a write is named."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlwright.core.errors import FaultError, UsageError
from mlwright.core.files import disk_faults, make_folder_durably, write_durably

WRITER = """
import sys
from pathlib import Path
from mlwright.core.files import write_durably
folder = Path(sys.argv[1])
for n in range(1_000_000):
    write_durably(folder / "target", b"%07d" % n * 20_000, staging=folder / "staging")
    print(n, flush=True)
"""


def test_a_file_is_written_whole_with_the_folders_above_it(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "file"

    write_durably(target, b"content", staging=tmp_path / "staging", mode=0o600)

    assert target.read_bytes() == b"content"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list((tmp_path / "staging").iterdir()) == []


def test_an_existing_file_is_replaced_for_new_readers_only(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_durably(target, b"old", staging=tmp_path / "staging")

    with target.open("rb") as open_before:
        write_durably(target, b"new", staging=tmp_path / "staging")

        assert open_before.read() == b"old"
    assert target.read_bytes() == b"new"


def test_a_writer_killed_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    for seconds in (0.0, 0.01, 0.03):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(seconds)
        os.kill(writer.pid, signal.SIGKILL)
        told = [int(line) for line in writer.stdout.readlines()[:-1]]
        writer.wait()
        writer.stdout.close()

        content = (tmp_path / "target").read_bytes()
        assert content == content[:7] * 20_000
        assert int(content[:7]) >= max(told, default=0)


def test_a_failed_write_leaves_the_old_file_and_nothing_in_staging(tmp_path: Path) -> None:
    target, staging = tmp_path / "folder", tmp_path / "staging"
    target.mkdir()

    with pytest.raises(IsADirectoryError):
        write_durably(target, b"content", staging=staging)

    assert target.is_dir()
    assert list(staging.iterdir()) == []


def test_a_full_disk_is_named_with_the_path(small_disk: Path) -> None:
    target = small_disk / "target"
    write_durably(target, b"old", staging=small_disk / "staging")

    with pytest.raises(FaultError, match=str(target)) as caught:
        write_durably(target, bytes(4 << 20), staging=small_disk / "staging")

    assert caught.value.code == "disk-full"
    assert caught.value.facts["errno"] == errno.ENOSPC
    assert target.read_bytes() == b"old"
    write_durably(target, b"new", staging=small_disk / "staging")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EFBIG, "disk-full"),
        (errno.EACCES, "permission-denied"),
        (errno.EPERM, "permission-denied"),
        (errno.EROFS, "permission-denied"),
    ],
)
def test_what_the_machine_refuses_gets_its_code(number: int, code: str) -> None:
    with pytest.raises(FaultError, match="some/place") as caught, disk_faults(Path("some/place")):
        raise OSError(number, os.strerror(number))

    assert caught.value.code == code
    assert isinstance(caught.value.__cause__, OSError)


def test_a_place_where_no_file_can_be_is_the_choosers_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    impossible = [
        tmp_path / "file" / "out.csv",
        tmp_path / "file" / "deeper" / "out.csv",
        tmp_path / "folder",
        tmp_path / "ring" / "out.csv",
        tmp_path / ("x" * 300),
        Path("/proc/missing/out.csv"),
    ]

    for path in impossible:
        with pytest.raises(UsageError) as caught:
            write_durably(path, b"answers")

        assert caught.value.code == "out-impossible"
        assert str(path) in caught.value.message
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder", "ring"]


def test_other_errors_of_the_machine_stay_what_they_are() -> None:
    with pytest.raises(FileNotFoundError), disk_faults(Path("some/place")):
        raise FileNotFoundError(errno.ENOENT, "gone")


def test_making_a_folder_again_changes_nothing(tmp_path: Path) -> None:
    make_folder_durably(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "file").touch()

    make_folder_durably(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b" / "file").exists()


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()

    with pytest.raises(FileExistsError):
        make_folder_durably(tmp_path / "a")
