"""Open segments: one SQLite file for each stretch of a worker's records, claimed, written, read.

Beside ``00000012.db`` lies ``00000012.lock``, which its writer holds locked as long as it lives;
the system lets go of it however the writer ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlwright.core.errors import BrokenError, FaultError, MlwrightError, RefusedError
from mlwright.core.files import disk_faults, make_folder_durably, sync_folder
from mlwright.serve.ids import SEGMENTS
from mlwright.serve.records import Durability, NewLabel, NewRecord, Segment

FORMAT = 1

_RECORD = tuple(field.name for field in fields(NewRecord))
_LABEL = tuple(field.name for field in fields(NewLabel))
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    'CREATE TABLE record (first INTEGER PRIMARY KEY, "rows" INTEGER NOT NULL, random BLOB NOT NULL,'
    " time INTEGER NOT NULL, endpoint TEXT NOT NULL, ref TEXT NOT NULL, model TEXT NOT NULL,"
    " role TEXT NOT NULL, body BLOB NOT NULL, answers BLOB NOT NULL, flags BLOB NOT NULL)",
    "CREATE TABLE label (first INTEGER PRIMARY KEY, random BLOB NOT NULL, time INTEGER NOT NULL,"
    " prediction TEXT, endpoint TEXT, key TEXT, value BLOB NOT NULL)",
    "CREATE INDEX label_prediction ON label (prediction) WHERE prediction IS NOT NULL",
    "CREATE INDEX label_key ON label (endpoint, key) WHERE key IS NOT NULL",
)
_AT_ONCE = 64  # rows one statement inserts: each step gives up the interpreter's lock once
_KEPT_STATEMENTS = 2 * _AT_ONCE + 16
_BUSY_SECONDS = 10.0
_SPARE = 256 << 10  # room a new segment must find on the disk, or it would fail at once again
_NO_ROOM = 1 << 20  # with less free than this, an unexplained write error is a full disk
_DIGITS = 8  # of the largest number of a segment
_PRIMARY = 0xFF  # the low byte of SQLite's extended error codes
# A damaged name inside one of SQLite's messages is no UTF-8 when Python decodes the message.
_FAILURES = (sqlite3.Error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class About:
    """What a segment says of itself, beside its number."""

    durability: Durability
    policy: Mapping[str, str]
    environment: Mapping[str, str]
    version: str


class OpenSegment:
    """A segment its worker writes to; a write is on disk when the call returns."""

    def __init__(self, folder: Path, number: int, lock: int, about: About) -> None:
        self.number = number
        self.path = path_of(folder, number)
        self._lock = lock
        with coded(self.path):
            self._connection = _connect(self.path, _KEPT_STATEMENTS)
            try:
                self._begin(about)
            except BaseException:
                self._connection.close()
                raise

    def write(self, records: Sequence[tuple[Any, ...]], labels: Sequence[tuple[Any, ...]]) -> None:
        """Write records and labels as one transaction.

        Parameters
        ----------
        records, labels
            The fields of ``NewRecord`` and ``NewLabel``, in order.

        Raises
        ------
        MlwrightError
            What the disk or SQLite refused; the segment must not be written to again.
        """
        with coded(self.path):
            if labels or len(records) > _AT_ONCE:
                connection = self._connection
                connection.execute("BEGIN IMMEDIATE")
                _insert(connection, "record", len(_RECORD), records)
                _insert(connection, "label", len(_LABEL), labels)
                connection.execute("COMMIT")
            else:
                # Alone, one statement is one transaction, and the interpreter's lock is given up
                # once from its begin to its sync.
                _insert(self._connection, "record", len(_RECORD), records)

    def close(self) -> None:
        """Let go of the segment: whoever seals may take it."""
        try:
            with coded(self.path):
                self._connection.close()
        finally:
            os.close(self._lock)

    def discard(self) -> None:
        """Remove a segment that holds no record anybody was told of."""
        try:
            with coded(self.path):
                self._connection.close()
        finally:
            try:
                remove(self.path.parent, self.number)
            finally:
                os.close(self._lock)

    def _begin(self, about: About) -> None:
        connection = self._connection
        level = "FULL" if about.durability is Durability.DURABLE else "NORMAL"
        connection.execute(f"PRAGMA synchronous = {level}")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta (name, value) VALUES (?, ?)",
            [
                ("format", str(FORMAT)),
                ("number", str(self.number)),
                ("durability", about.durability.value),
                ("policy", json.dumps(dict(about.policy), sort_keys=True)),
                ("environment", json.dumps(dict(about.environment), sort_keys=True)),
                ("version", about.version),
            ],
        )
        # Room that was found once stays in the file, as free pages the first records take.
        connection.execute("CREATE TABLE spare (room BLOB)")
        connection.execute("INSERT INTO spare VALUES (zeroblob(?))", (_SPARE,))
        connection.execute("DROP TABLE spare")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class SegmentReader:
    """An open segment as others see it: what is committed, whoever writes meanwhile."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def about(self) -> Segment:
        """Return what the segment says of itself."""
        said = dict(self._rows("SELECT name, value FROM meta"))
        if said.get("format") != str(FORMAT):
            raise RefusedError(
                "segment-format",
                f"the records in {self._path} are of format {said.get('format')!r}; this version"
                f" of mlwright reads {FORMAT}",
                fix="upgrade mlwright",
                facts={"path": str(self._path), "format": said.get("format")},
            )
        return Segment(
            number=int(said["number"]),
            durability=Durability(said["durability"]),
            policy=json.loads(said["policy"]),
            environment=json.loads(said["environment"]),
            sealed=False,
            root=None,
            event=None,
        )

    def records(self, first: int, last: int) -> Iterator[NewRecord]:
        """Yield the records with a row whose sequence is from ``first`` to ``last``, in order."""
        names = _named(_RECORD)
        start = self._rows("SELECT max(first) FROM record WHERE first <= ?", (first,))[0][0]
        sql = f"SELECT {names} FROM record WHERE first BETWEEN ? AND ? ORDER BY first"  # noqa: S608 - our own names
        for row in self._each(sql, (first if start is None else start, last)):
            record = NewRecord(*row)
            if record.first + record.rows > first:
                yield record

    def newest_first(self) -> Iterator[NewRecord]:
        """Yield all records, the newest first."""
        sql = f"SELECT {_named(_RECORD)} FROM record ORDER BY first DESC"  # noqa: S608 - our own names
        return (NewRecord(*row) for row in self._each(sql))

    def labels(self, first: int, last: int) -> Iterator[NewLabel]:
        """Yield the labels with a sequence from ``first`` to ``last``, in order."""
        sql = f"SELECT {_named(_LABEL)} FROM label WHERE first BETWEEN ? AND ? ORDER BY first"  # noqa: S608 - our own names
        return (NewLabel(*row) for row in self._each(sql, (first, last)))

    def labels_of(
        self, prediction: str, endpoint: str | None, key: str | None
    ) -> Iterator[NewLabel]:
        """Yield the labels of a prediction, by its id or by its endpoint and its row's key."""
        sql = (
            f"SELECT {_named(_LABEL)} FROM label WHERE prediction = ?1"  # noqa: S608 - our own names
            f" UNION SELECT {_named(_LABEL)} FROM label WHERE endpoint = ?2 AND key = ?3"
            " ORDER BY first"
        )
        return (NewLabel(*row) for row in self._each(sql, (prediction, endpoint, key)))

    def counts(self) -> Mapping[str, int]:
        """Return how many rows each model answered."""
        return dict(self._rows('SELECT model, sum("rows") FROM record GROUP BY model'))

    def times(self) -> tuple[int, int]:
        """Return the times of the oldest and the newest record; zeros when there is none."""
        ((oldest, newest),) = self._rows("SELECT min(time), max(time) FROM record")
        return oldest or 0, newest or 0

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with coded(self._path):
            return self._connection.execute(sql, parameters).fetchall()

    def _each(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        with coded(self._path):
            yield from self._connection.execute(sql, parameters)


def create(records: Path, about: About) -> OpenSegment:
    """Claim the next number and make its segment, durably, with room on the disk for a start."""
    folder = open_folder(records)
    with disk_faults(folder):
        make_folder_durably(folder)
        with _turn(records) as turn:
            number, lock = _claim(records, turn)
    try:
        segment = OpenSegment(folder, number, lock, about)
    except BaseException:
        remove(folder, number)
        os.close(lock)
        raise
    with disk_faults(folder):
        sync_folder(folder)
    return segment


def begin_after(records: Path, number: int) -> None:
    """See to it that new segments have numbers beyond one, though no file may tell of it any more.

    Otherwise the log would say of a new segment what an old one held.
    """
    with disk_faults(records):
        make_folder_durably(records)
        with _turn(records) as turn:
            if _last(turn) < number:
                _note(turn, number)


@contextmanager
def reading(records: Path, number: int) -> Iterator[SegmentReader | None]:
    """Open a segment to read for the block; None when it is not there (any more)."""
    path = path_of(open_folder(records), number)
    if not path.exists():
        yield None
        return
    try:
        with coded(path):
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?{_mode(path)}",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
    except MlwrightError:
        if path.exists():
            raise
        yield None  # sealed between the two looks
        return
    with closing(connection):
        with coded(path):
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            begun = bool(connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall())
        # Killed before its first commit, a segment has no table and no record.
        yield SegmentReader(path, connection) if begun else None


@contextmanager
def owning(records: Path, number: int) -> Iterator[bool]:
    """Hold a segment for the block as its writer would; False when a living worker holds it."""
    folder = open_folder(records)
    # A loss of power may have kept the file and not its lock.
    new = os.O_CREAT if path_of(folder, number).exists() else 0
    try:
        lock = os.open(_lock_of(folder, number), os.O_RDWR | os.O_CLOEXEC | new, 0o644)
    except FileNotFoundError:
        yield False  # removed by another
        return
    try:
        yield _take(records, lock)
    finally:
        os.close(lock)


def is_held(records: Path, number: int) -> bool:
    """Tell whether a living worker writes to a segment; nothing is changed."""
    try:
        lock = os.open(_lock_of(open_folder(records), number), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def numbers(records: Path) -> list[int]:
    """Return the numbers of the segments in the open folder, in order; empty ones too."""
    folder = open_folder(records)
    return sorted({*_numbers(folder, ".lock"), *_numbers(folder, ".db")})


def remove(folder: Path, number: int) -> None:
    """Remove every file of a segment from the open folder; its lock last, which says it is one."""
    path = path_of(folder, number)
    with disk_faults(path):
        for ending in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        sync_folder(folder)
        _lock_of(folder, number).unlink(missing_ok=True)


def open_folder(records: Path) -> Path:
    """Return where the segments lie that are not sealed."""
    return records / "open"


def sealed_folder(records: Path) -> Path:
    """Return where the sealed segments lie."""
    return records / "sealed"


def path_of(folder: Path, number: int) -> Path:
    """Return the file of an open segment."""
    return folder / f"{number:08d}.db"


@contextmanager
def coded(path: Path) -> Iterator[None]:
    """Turn what SQLite refuses into coded errors that name the file and the true cause."""
    try:
        yield
    except _FAILURES as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> Exception:
    facts = {"path": str(path), "sqlite": str(error)}
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Python's own complaints: a text that is not UTF-8 any more, or misuse.
        damaged = isinstance(error, sqlite3.OperationalError | UnicodeDecodeError)
        return _broken(path, facts) if damaged else error
    match code & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return _full(path, facts)
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN if _has_no_room(path):
            return _full(path, facts)
        case sqlite3.SQLITE_IOERR:
            return FaultError(
                "disk-error",
                f"reading or writing {path} failed ({getattr(error, 'sqlite_errorname', '')}): a"
                " size limit (ulimit -f) or a fault of the disk",
                fix="raise the limit or look at the disk",
                facts=facts,
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return FaultError(
                "permission-denied",
                f"could not open {path}: {error}",
                fix="change the folder's owner or its permissions",
                facts=facts,
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_ERROR:
            return _broken(path, facts)
    return error


def _full(path: Path, facts: Mapping[str, object]) -> MlwrightError:
    return FaultError(
        "disk-full",
        f"could not write {path}: the disk is full",
        fix="free space on that file system",
        facts=facts,
    )


def _broken(path: Path, facts: Mapping[str, object]) -> MlwrightError:
    return BrokenError(
        "segment-broken",
        f"the records in {path} are damaged: {facts['sqlite']}",
        fix="keep the file as it is for inquiry and restore a copy",
        facts=facts,
    )


def _has_no_room(path: Path) -> bool:
    return shutil.disk_usage(path.parent).free < _NO_ROOM


def _connect(path: Path, statements: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,  # or Python would begin transactions of its own, deferred
        check_same_thread=False,
        cached_statements=statements,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _mode(path: Path) -> str:
    # Where nothing can be written there is no room for SQLite's index of the WAL; a closed
    # segment has none, and nobody can change it.
    wal = path.with_name(f"{path.name}-wal")
    return "mode=rw" if os.access(path.parent, os.W_OK) or wal.exists() else "immutable=1"


def _insert(
    connection: sqlite3.Connection, table: str, width: int, rows: Sequence[tuple[Any, ...]]
) -> None:
    marks = f"({','.join('?' * width)})"
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        values = [value for row in part for value in row]
        sql = f"INSERT INTO {table} VALUES {','.join([marks] * len(part))}"  # noqa: S608 - our own names
        connection.execute(sql, values)


@contextmanager
def _turn(records: Path) -> Iterator[int]:
    """Let one process at a time claim a number; the file holds the last that was."""
    turn = os.open(records / "number.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield turn
    finally:
        os.close(turn)


def _last(turn: int) -> int:
    written = os.pread(turn, _DIGITS, 0)
    return int(written) if written.isdigit() else 0


def _note(turn: int, number: int) -> None:
    os.pwrite(turn, b"%0*d" % (_DIGITS, number), 0)


def _claim(records: Path, turn: int) -> tuple[int, int]:
    """Return a number no segment ever had and its lock, held."""
    folder = open_folder(records)
    # In this order: what leaves the open folder is in the sealed one before.
    used = [*_numbers(folder, ".lock"), *_numbers(folder, ".db")]
    used += _numbers(sealed_folder(records), ".parquet")
    number = max(_last(turn), *used, 0) + 1
    if number >= SEGMENTS:
        raise FaultError(
            "segments-used-up",
            f"{SEGMENTS:,} segments of records were begun in {records}: ids have no room for more",
            fix="serve from a new project",
            facts={"records": str(records)},
        )
    _note(turn, number)
    path = _lock_of(folder, number)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)  # nobody keeps it: at most one looks whether it is held
    return number, lock


def _take(records: Path, lock: int) -> bool:
    with _turn(records):  # or it could be taken between its making and its maker's hold
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return os.fstat(lock).st_nlink > 0  # else removed, and its number perhaps given anew


def _numbers(folder: Path, ending: str) -> list[int]:
    names = (path.name.partition(".")[0] for path in folder.glob(f"*{ending}"))
    return [int(name) for name in names if name.isdecimal()]


def _lock_of(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.lock"


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
