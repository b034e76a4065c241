"""What only a store on disk can get wrong."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from mlwright.core.digest import digest_bytes, hex_of
from mlwright.core.errors import BrokenError, FaultError, NotFoundError
from mlwright.store.local import LocalStore

WRITER = """
import os, sys
from pathlib import Path
from mlwright.store.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
for n in range(1_000_000):
    print(store.put(b"%d." % n * 5000), flush=True)
"""


def test_objects_lie_in_folders_named_by_their_first_two_digits(tmp_path: Path) -> None:
    digest = LocalStore(tmp_path).put(b"content")

    path = tmp_path / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0


def test_nothing_stays_behind_in_staging(tmp_path: Path) -> None:
    LocalStore(tmp_path).put(b"content")

    assert list((tmp_path / "staging").iterdir()) == []


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "absent")

    assert list(store.digests()) == []
    assert not store.has(digest_bytes(b""))
    assert not (tmp_path / "absent").exists()


def test_files_that_are_no_objects_are_not_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    digest = store.put(b"content")
    (tmp_path / "objects" / hex_of(digest)[:2] / "notes.txt").write_text("a stranger's")
    (tmp_path / "objects" / "README").write_text("a stranger's")

    assert list(store.digests()) == [digest]


def test_threads_that_put_the_same_object_all_succeed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    done: list[str] = []
    threads = [Thread(target=lambda: done.append(store.put(b"same" * 9999))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == [digest_bytes(b"same" * 9999)] * 8
    assert not (tmp_path / "quarantine").exists()


def test_threads_that_heal_and_read_the_same_corrupt_object_end_with_the_true_one(
    tmp_path: Path,
) -> None:
    store = LocalStore(tmp_path)
    digest = store.put(b"true" * 9999)
    path = tmp_path / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]

    def read() -> None:
        with suppress(BrokenError, NotFoundError):
            store.get(digest)

    for _ in range(20):
        path.chmod(0o644)
        path.write_bytes(b"liar" * 9999)
        threads = [Thread(target=read) for _ in range(3)]
        threads += [Thread(target=store.put, args=(b"true" * 9999,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.get(digest) == b"true" * 9999


def test_a_process_killed_while_it_puts_leaves_no_broken_object(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += writer.stdout.read().splitlines()
    writer.wait()
    writer.stdout.close()

    store = LocalStore(tmp_path)
    for digest in store.digests():
        store.get(digest)
    assert set(acknowledged) <= set(store.digests())


def test_a_full_disk_is_named_and_putting_goes_on_once_there_is_room(small_disk: Path) -> None:
    store = LocalStore(small_disk / "store")
    kept = store.put(b"kept")

    with pytest.raises(FaultError) as caught:
        store.put(os.urandom(4 << 20))

    assert caught.value.code == "disk-full"
    assert list(store.digests()) == [kept]
    assert list((small_disk / "store" / "staging").iterdir()) == []
    assert store.get(store.put(b"after")) == b"after"


def test_a_file_size_limit_is_named_as_such(tmp_path: Path) -> None:
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from mlwright.core.errors import BrokenError, FaultError, NotFoundError\n"
        "from mlwright.store.local import LocalStore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    LocalStore(Path(sys.argv[1])).put(bytes(2000))\n"
        "except FaultError as error:\n    print(error)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout

    assert "[disk-full]" in told
    assert "file size limit" in told


def test_a_folder_where_a_file_should_be_is_told_as_unreadable(tmp_path: Path) -> None:
    digest = digest_bytes(b"content")
    (tmp_path / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]).mkdir(parents=True)

    with pytest.raises(FaultError) as caught:
        LocalStore(tmp_path).get(digest)

    assert caught.value.code == "object-unreadable"


def test_what_was_compared_once_is_compared_again_when_its_file_changed(tmp_path: Path) -> None:
    content = b"the true bytes"
    digest = LocalStore(tmp_path).put(content)
    [path] = (each for each in (tmp_path / "objects").rglob("*") if each.is_file())
    os.utime(path, (1, 1))
    for _ in range(2):
        assert LocalStore(tmp_path).put(content) == digest  # the second time without reading it

    path.chmod(0o644)
    path.write_bytes(b"the fake bytes")
    assert LocalStore(tmp_path).put(content) == digest
    assert LocalStore(tmp_path).get(digest) == content

    path.unlink()
    assert LocalStore(tmp_path).put(content) == digest
    assert LocalStore(tmp_path).get(digest) == content
