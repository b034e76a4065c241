"""One door to SQLite: transactions that hold, for threads and forks, and errors in our words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlwright.core.errors import BrokenError, FaultError, NotFoundError, RefusedError
from mlwright.core.seam import ReplaySeam, SystemSeam
from mlwright.ledger.database import Database
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.place import network_kind, refuse_network
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify

MOUNTS = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
server:/net /net nfs4 rw 0 0
/dev/vdb /net/local\\040disk xfs rw 0 0
me@host:/ /mnt/remote fuse.sshfs rw 0 0
tmpfs /mnt/remote tmpfs rw 0 0
//pc/share /mnt/share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/local", None),
        ("/net", "nfs4"),
        ("/net/me/project", "nfs4"),
        ("/netstead", None),
        ("/net/local disk/project", None),
        ("/mnt/remote/project", None),
        ("/mnt/share/x", "cifs"),
    ],
)
def test_a_network_file_system_is_known_by_its_nearest_mount(folder: str, kind: str | None) -> None:
    assert network_kind(Path(folder), MOUNTS) == kind


def test_this_machines_own_folder_is_let_through(tmp_path: Path) -> None:
    refuse_network(tmp_path)


def test_a_ledger_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mounts").write_text(f"host:/ {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("mlwright.ledger.place._MOUNTS", tmp_path / "mounts")

    with pytest.raises(RefusedError, match="nfs4") as caught:
        Ledger.open(tmp_path / "project", ReplaySeam(), create=True)

    assert caught.value.code == "ledger-on-network"
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = body",
        "UPDATE event SET subject = 'r_x' WHERE sequence = 1",
        "DELETE FROM event",
        "DELETE FROM event WHERE sequence = 2",
        "REPLACE INTO event SELECT sequence, kind, 's', x'00', leaf FROM event WHERE sequence = 1",
        "INSERT OR REPLACE INTO event VALUES (2, 'k', 's', x'00', x'00')",
        "INSERT OR IGNORE INTO event VALUES (2, 'k', 's', x'00', x'00')",
        "INSERT INTO event VALUES (9, 'k', 's', x'00', x'00')",
        "INSERT INTO event VALUES (0, 'k', 's', x'00', x'00')"
        " ON CONFLICT (sequence) DO UPDATE SET body = excluded.body",
    ],
)
def test_events_are_neither_updated_nor_deleted_nor_put_out_of_order(
    tmp_path: Path, statement: str
) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        ledger.append([NewEvent("k", "r_aa")] * 3)

        with pytest.raises(RefusedError) as caught:
            ledger.database.run(statement)
        with sqlite3.connect(tmp_path / "ledger.db") as other, pytest.raises(sqlite3.Error):
            other.execute(statement)
        other.close()

        assert caught.value.code == "log-append-only"
        assert verify(ledger).size == 3


@pytest.mark.parametrize(
    ("written", "code"), [("4", "ledger-format"), ("0", "ledger-format"), ("x", "log-broken")]
)
def test_a_ledger_of_another_format_is_refused(tmp_path: Path, written: str, code: str) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        ledger.database.run("UPDATE meta SET value = ? WHERE key = 'format'", (written,))

    with pytest.raises((RefusedError, BrokenError)) as caught:
        Ledger.open(tmp_path, ReplaySeam())

    assert caught.value.code == code


def test_a_file_without_tables_is_no_ledger_until_one_is_made_in_it(tmp_path: Path) -> None:
    """This is what a crash right after the file was made leaves."""
    (tmp_path / "ledger.db").touch()

    with pytest.raises(NotFoundError):
        Ledger.open(tmp_path, ReplaySeam())
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        assert ledger.size == 0


def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, " * 100)

    with pytest.raises(BrokenError) as caught:
        Ledger.open(tmp_path, ReplaySeam())

    assert caught.value.code == "log-broken"


def test_a_database_somebody_else_keeps_locked_is_told_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlwright.ledger.database._BUSY_SECONDS", 0.05)
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(FaultError) as caught:
            ledger.append([NewEvent("k", "r_aa")])

        assert caught.value.code == "ledger-busy"
        other.execute("ROLLBACK")
        other.close()
        assert ledger.append([NewEvent("k", "r_aa")])[0].sequence == 0


def test_the_journal_is_a_wal_synced_in_full(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        assert ledger.database.rows("PRAGMA journal_mode") == [("wal",)]
        assert ledger.database.rows("PRAGMA synchronous") == [(2,)]


def test_closing_leaves_one_file_and_using_it_after_says_so(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, ReplaySeam(), create=True)
    ledger.append([NewEvent("k", "r_aa")])
    ledger.close()
    ledger.close()

    assert {p.name for p in tmp_path.iterdir()} == {"ledger.db", "keys", "writer.lock"}
    with pytest.raises(RuntimeError, match="closed"):
        ledger.append([NewEvent("k", "r_aa")])


def test_an_error_inside_a_transaction_undoes_it_and_frees_the_next(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    database.run("CREATE TABLE t (x)")

    def fail() -> None:
        with database.writing():
            database.run("INSERT INTO t VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.writing():
        database.run("INSERT INTO t VALUES (2)")
    assert database.rows("SELECT x FROM t") == [(2,)]
    database.close()


def test_a_reading_transaction_does_not_see_what_is_written_meanwhile(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    database.run("CREATE TABLE t (x)")
    count = "SELECT count(*) FROM t"

    with database.reading():
        before = database.rows(count)
        writer = threading.Thread(target=database.run, args=("INSERT INTO t VALUES (1)",))
        writer.start()
        writer.join()
        during = database.rows(count)
    after = database.rows(count)

    assert (before, during, after) == ([(0,)], [(0,)], [(1,)])
    database.close()


@pytest.mark.parametrize("memory", [True, False])
def test_threads_that_append_at_once_make_one_gapless_log(tmp_path: Path, memory: bool) -> None:
    made = (
        Ledger.in_memory(SystemSeam())
        if memory
        else Ledger.open(tmp_path, SystemSeam(), create=True)
    )

    def work(name: int) -> list[int]:
        told = []
        for n in range(40):
            new = [NewEvent("k", f"r_{name}", {"n": n})] * (n % 3 + 1)
            events = made.append(new)
            told += [event.sequence for event in events]
            assert [event.subject for event in events] == [f"r_{name}"] * len(new)
            assert made.event(events[0].sequence) == events[0]
        return told

    with made, ThreadPoolExecutor(8) as threads:
        told = [sequence for each in threads.map(work, range(8)) for sequence in each]

        assert sorted(told) == list(range(made.size))
        assert verify(made).size == len(told)


def test_what_waits_during_a_commit_is_committed_together(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, SystemSeam(), create=True) as ledger:
        inside, go = threading.Event(), threading.Event()

        def slow(log: Ledger) -> list[NewEvent]:
            inside.set()
            go.wait(60)
            return [NewEvent("k", "r_slow")]

        with ThreadPoolExecutor(9) as threads:
            first = threads.submit(ledger.append_checked, slow)
            inside.wait(60)
            others = [threads.submit(ledger.append, [NewEvent("k", f"r_{n}")]) for n in range(8)]
            while len(ledger._group._waiting) < 7:  # one has the turn, the others wait behind it
                time.sleep(0.001)
            go.set()
            first.result()
            times = {event.time for other in others for event in other.result()}

        assert ledger.size == 9
        # One transaction reads the clock once: what shares a time shared a flush.
        assert len(times) == 2


def test_one_refused_append_does_not_take_down_those_that_wait_with_it(tmp_path: Path) -> None:
    version = {"name": "churn", "version": 1, "run": "r_aa"}
    with Ledger.open(tmp_path, SystemSeam(), create=True) as ledger:
        inside, go = threading.Event(), threading.Event()

        def slow(log: Ledger) -> list[NewEvent]:
            inside.set()
            go.wait(60)
            return [NewEvent("model.registered", "m_aa", version)]

        with ThreadPoolExecutor(9) as threads:
            first = threads.submit(ledger.append_checked, slow)
            inside.wait(60)
            bad = [
                threads.submit(ledger.append, [NewEvent("model.registered", "m_bb", version)])
                for _ in range(3)
            ]
            good = [threads.submit(ledger.append, [NewEvent("k", f"r_{n}")]) for n in range(5)]
            while len(ledger._group._waiting) < 7:
                time.sleep(0.001)
            go.set()
            first.result()
            told = sorted(event.sequence for each in good for event in each.result())
            for each in bad:
                with pytest.raises(RefusedError):
                    each.result()

        assert told == [1, 2, 3, 4, 5]
        assert verify(ledger).size == 6


def test_a_forked_child_writes_on_connections_of_its_own(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, SystemSeam(), create=True) as ledger:
        ledger.append([NewEvent("k", "r_parent")])
        child = os.fork()
        if child == 0:
            ok = ledger.append([NewEvent("k", "r_child")])[0].sequence == 1
            os._exit(0 if ok else 1)
        _, status = os.waitpid(child, 0)
        ledger.append([NewEvent("k", "r_parent")])

        assert status == 0
        assert [event.subject for event in ledger.events()] == ["r_parent", "r_child", "r_parent"]
        assert verify(ledger).size == 3


def test_a_killed_writers_events_are_read_without_writing_or_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from mlwright.core.seam import SystemSeam\n"
        "from mlwright.ledger.ledger import Ledger\n"
        "from mlwright.ledger.records import NewEvent\n"
        "ledger = Ledger.open(Path(sys.argv[1]), SystemSeam(), create=True)\n"
        "ledger.append([NewEvent('test.made', 'd_1', {})])\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    monkeypatch.setattr("mlwright.ledger.opening.os.access", lambda *_: False)

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        assert ledger.size == 1
        assert not ledger.writable
        with pytest.raises(FaultError, match="permission-denied"):
            ledger.append([NewEvent("test.made", "d_2", {})])
    (tmp_path / "ledger.db-shm").unlink()
    with pytest.raises(FaultError, match="ledger-unsettled"):
        Ledger.open(tmp_path, ReplaySeam())


def test_opening_and_reading_takes_no_lock(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        ledger.append([NewEvent("test.made", "d_1", {})])
    (tmp_path / "writer.lock").unlink()

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        assert ledger.size == 1

    assert not (tmp_path / "writer.lock").exists()


def test_one_who_may_only_read_sees_what_is_written_since(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    writer = Database(path)
    with writer.writing():
        writer.run("CREATE TABLE said (word)")
    writer.close()
    reader = Database(path, writable=False)
    assert reader.rows("SELECT word FROM said") == []

    writer = Database(path)
    with writer.writing():
        writer.run("INSERT INTO said VALUES ('now')")

    assert reader.rows("SELECT word FROM said") == [("now",)]
    writer.close()
    assert reader.rows("SELECT word FROM said") == [("now",)]
    reader.close()
