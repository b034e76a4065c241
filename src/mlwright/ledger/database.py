"""The one door to SQLite: connections, transactions and what went wrong, in our words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock, get_ident
from typing import Any

from mlwright.core.errors import BrokenError, FaultError, RefusedError
from mlwright.ledger.place import writers_turn

Row = tuple[Any, ...]

_BUSY_SECONDS = 60.0
_READING = ("PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON")
_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *_READING)
# A damaged name inside one of SQLite's messages is no UTF-8 when Python decodes the message.
_FAILURES = (sqlite3.Error, UnicodeDecodeError)
_NO_ROOM = 1 << 20  # with less free than this, an unexplained write error is a full disk
_PRIMARY = 0xFF  # the low byte of SQLite's extended error codes


class Database:
    """A SQLite file, or with no path one in memory, safe for several threads and processes.

    Parameters
    ----------
    writable
        False for a file or folder that may not be written to: nothing is, not even beside it.


    A thread inside :meth:`writing` or :meth:`reading` sees that transaction; elsewhere each call
    sees what is committed.
    """

    def __init__(self, path: Path | None, *, writable: bool = True) -> None:
        self._path = path
        self.writable = writable
        self._start()
        self._give(self._connect())

    def _start(self) -> None:
        self._process = os.getpid()
        self._closed = False
        self._turn = Lock()
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._held: dict[int, sqlite3.Connection] = {}

    @property
    def path(self) -> Path | None:
        """The file, None for one in memory."""
        return self._path

    def close(self) -> None:
        """Close every connection; the last one of all processes folds the WAL into the file."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                break

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._connection() as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except _FAILURES as error:
                raise self._coded(error) from error

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Carry out one statement."""
        self.rows(sql, parameters)

    def run_many(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        """Carry out one statement for each row of parameters."""
        if not parameters:
            return
        with self._connection() as connection:
            try:
                connection.executemany(sql, parameters)
            except _FAILURES as error:
                raise self._coded(error) from error

    def require_writable(self) -> None:
        """Refuse what would write where nothing may be written.

        Raises
        ------
        FaultError
            ``permission-denied``.
        """
        if not self.writable:
            raise _read_only(str(self._path or "memory"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction: durable when the block ends, undone when it raises."""
        if get_ident() in self._held:
            raise RuntimeError("this thread is already inside a transaction")
        self.require_writable()
        queue = writers_turn(self._path.parent) if self._path else nullcontext()
        with self._turn, queue, self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold one state of the database: what others commit meanwhile is not seen."""
        if get_ident() in self._held:
            yield
        else:
            with self._transaction("BEGIN"):
                yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._connection() as connection:
            self._held[get_ident()] = connection
            try:
                self.run(begin)
                yield
                self.run("COMMIT")
            finally:
                del self._held[get_ident()]
                # After a full disk SQLite has rolled back by itself; doing it again would raise
                # and hide the cause.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        held = self._held.get(get_ident())
        if held is not None:
            yield held
            return
        connection = self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    def _take(self) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError("the ledger is closed")
        if self._path is None:
            return self._idle.get()  # there is one connection, for it holds the only copy
        if self._process != os.getpid():
            self._abandoned = self._idle  # closing them would harm the parent's files
            self._start()
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._connect()

    def _give(self, connection: sqlite3.Connection) -> None:
        # One that may only read was opened for what lay there then: a log that is written since
        # it would not see.
        if self._closed or not (self.writable or self._path is None):
            connection.close()
        else:
            self._idle.put(connection)

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                ":memory:" if self._path is None else self._address(self._path),
                uri=self._path is not None,
                timeout=_BUSY_SECONDS,
                isolation_level=None,  # or Python would begin transactions of its own, deferred
                check_same_thread=False,
            )
        except _FAILURES as error:
            raise self._coded(error) from error
        try:
            for pragma in _PRAGMAS if self.writable else _READING:
                connection.execute(pragma)
        except _FAILURES as error:
            connection.close()
            raise self._coded(error) from error
        return connection

    def _address(self, path: Path) -> str:
        """Return what SQLite is asked to open.

        Where nothing may be written it cannot make the index of a write-ahead log. Without one,
        or with an empty one, the file is all there is, and no writer has it open: each keeps its
        log beside it for as long. With one, the index its writer left there serves.
        """
        address = path.absolute().as_uri()
        if self.writable:
            return address
        log, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
        if not log.exists() or log.stat().st_size == 0:
            return f"{address}?immutable=1"
        if not index.exists():
            raise _unsettled(str(path), str(log))
        return f"{address}?mode=ro"

    def _coded(self, error: sqlite3.Error | UnicodeDecodeError) -> Exception:
        """Return what a user should read about an error of SQLite; a bug of ours stays as it is."""
        where = str(self._path or "memory")
        facts = {"path": where, "sqlite": str(error)}
        code, name = (
            getattr(error, "sqlite_errorcode", None),
            getattr(error, "sqlite_errorname", ""),
        )
        if code is None:
            # Python's own complaints: a text that is not UTF-8 any more, or misuse.
            damaged = isinstance(error, sqlite3.OperationalError | UnicodeDecodeError)
            return _broken(where, str(error)) if damaged else error
        match code & _PRIMARY:
            case sqlite3.SQLITE_FULL:
                return _disk_full(where, facts)
            case sqlite3.SQLITE_IOERR if self._has_no_room():
                return _disk_full(where, facts)
            case sqlite3.SQLITE_IOERR:
                return FaultError(
                    "disk-error",
                    f"reading or writing {where} failed ({name}): a size limit "
                    "(ulimit -f) or a fault of the disk",
                    fix="raise the limit or look at the disk, then run the same command again",
                    facts=facts,
                )
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return FaultError(
                    "ledger-busy",
                    f"another program held {where} locked for {_BUSY_SECONDS:.0f} seconds",
                    fix="end the program that has it open (fuser tells which), then try again",
                    facts=facts,
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
                return FaultError(
                    "permission-denied",
                    f"could not open {where} for writing: {error}",
                    fix="change the folder's owner or its permissions",
                    facts=facts,
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_ERROR:
                return _broken(where, str(error))
            case sqlite3.SQLITE_CONSTRAINT if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                return RefusedError(
                    "log-append-only",
                    f"the log at {where} can only grow: {error}",
                    fix="record a new event that says what changed",
                    facts=facts,
                )
            case sqlite3.SQLITE_CONSTRAINT:
                return RefusedError(
                    "already-recorded",
                    f"the log at {where} already holds this: {error}",
                    fix="decide inside append_checked, on what is true at the commit",
                    facts=facts,
                )
        return error

    def _has_no_room(self) -> bool:
        if self._path is None:
            return False
        room = os.statvfs(self._path.parent)
        return room.f_bavail * room.f_frsize < _NO_ROOM


def _disk_full(where: str, facts: dict[str, str]) -> FaultError:
    return FaultError(
        "disk-full",
        f"could not write {where}: the disk is full; nothing of this step was recorded",
        fix="free space on that file system, then run the same command again: it goes on where "
        "it stopped",
        facts=facts,
    )


def _read_only(where: str) -> FaultError:
    return FaultError(
        "permission-denied",
        f"could not write {where}: this project can only be read",
        fix="change the folder's owner or its permissions, or work in a copy: --project DIR",
        facts={"path": where},
    )


def _unsettled(where: str, log: str) -> FaultError:
    return FaultError(
        "ledger-unsettled",
        f"the newest events of {where} stand in {log}, and only a program that may write there"
        " can read them",
        fix="run mlw doctor once as someone who may write there, or copy the project to where you"
        " may",
        facts={"path": where, "log": log},
    )


def _broken(where: str, what: str) -> BrokenError:
    return BrokenError(
        "log-broken",
        f"the ledger at {where} is damaged: {what}",
        fix="mlw doctor tells what else is hurt; keep the file as it is for inquiry and restore a"
        " copy, then mlw prove audit",
        facts={"path": where, "sqlite": what},
    )
