"""Find a ledger in its folder, or make one there."""

from __future__ import annotations

import os
from pathlib import Path

from mlwright.core.errors import FaultError, NotFoundError, RefusedError
from mlwright.core.files import disk_faults, make_folder_durably, sync_folder
from mlwright.core.seam import Seam
from mlwright.ledger.checkpoint import VerifierKey
from mlwright.ledger.database import Database
from mlwright.ledger.log import broken
from mlwright.ledger.migrating import migrate
from mlwright.ledger.packing import dictionary_rows
from mlwright.ledger.place import refuse_network, writers_turn
from mlwright.ledger.schema import FORMAT, statements

FILE = "ledger.db"
KEYS = "keys"
_WRITES_AHEAD = b"\x02\x02"  # bytes 18 and 19 of SQLite's header


def open_database(folder: Path, seam: Seam, *, create: bool) -> Database:
    """Return the database of the ledger in ``folder``, of the format this program writes.

    Raises
    ------
    NotFoundError
        ``ledger-missing`` when there is none and none may be made.
    RefusedError
        ``ledger-on-network``, or ``ledger-format`` when another program's version wrote it.
    """
    refuse_network(folder)
    path = folder / FILE
    database = _opened(path) if _is_made(path) else _new(path, create=create)
    try:
        if not _has_tables(database):
            if not create:
                raise _missing(path)
            _make(database, folder, seam)
        migrate(database, meta(database).get("format", ""))
        check_format(database)
    except BaseException:
        database.close()
        raise
    return database


def missing(folder: Path) -> NotFoundError:
    """Return the error for a folder without a ledger."""
    return _missing(folder / FILE)


def _is_made(path: Path) -> bool:
    """Tell whether a file is a database that writes ahead, as ours do once they were opened."""
    try:
        with path.open("rb") as file:
            return file.read(20)[18:] == _WRITES_AHEAD
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise FaultError(
            "permission-denied",
            f"could not read {path}: reading is not permitted",
            fix="change the file's owner or its permissions",
            facts={"path": str(path)},
        ) from error


def _opened(path: Path) -> Database:
    """Return an existing ledger; where the folder may not be written to it can only be read."""
    return Database(path, writable=os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _new(path: Path, *, create: bool) -> Database:
    if create:
        with disk_faults(path.parent):
            make_folder_durably(path.parent)
    elif not path.is_file():
        raise _missing(path)
    with writers_turn(path.parent):  # two processes at once may not both turn a new file to WAL
        return Database(path)


def fill(database: Database, key: VerifierKey) -> None:
    """Make the tables of an empty ledger; inside the write transaction."""
    for statement in statements():
        database.run(statement)
    database.run("INSERT INTO head (id, size, frontier) VALUES (0, 0, ?)", (b"",))
    database.run_many(
        "INSERT INTO meta (key, value) VALUES (?, ?)",
        [("format", str(FORMAT)), ("key", key.line()), *dictionary_rows()],
    )


def meta(database: Database) -> dict[str, str]:
    """Return what a ledger says of itself: its format, its public key, its dictionaries."""
    return dict(database.rows("SELECT key, value FROM meta"))


def check_format(database: Database) -> None:
    """Refuse a ledger that this program would misread."""
    written = meta(database).get("format", "")
    if written == str(FORMAT):
        return
    if not (written.isascii() and written.isdecimal()):
        raise broken("its format", f"it says {written!r}")
    newer = int(written) > FORMAT
    older = "run mlw doctor once as someone who may write there: it is then of the newer format"
    raise RefusedError(
        "ledger-format",
        f"the ledger is of format {written}, this mlwright reads format {FORMAT}",
        fix="pip install --upgrade mlwright" if newer else older,
        facts={"format": written, "reads": FORMAT},
    )


def _make(database: Database, folder: Path, seam: Seam) -> None:
    from mlwright.ledger import keys  # cryptography is loaded only where a log signs or verifies

    with database.writing():
        if _has_tables(database):
            return  # another process was faster
        # A key without a log is what a crash right here leaves: it is taken up again.
        if not (folder / KEYS / keys.PRIVATE).exists():
            keys.write_key(folder / KEYS, keys.make_key(seam))
        fill(database, keys.read_key(folder / KEYS).verifier)
    with disk_faults(folder):
        sync_folder(folder)


def _has_tables(database: Database) -> bool:
    return bool(database.rows("SELECT 1 FROM sqlite_master WHERE name = 'meta'"))


def _missing(path: Path) -> NotFoundError:
    return NotFoundError(
        "ledger-missing",
        f"there is no ledger in {path.parent}",
        fix="mlw init makes one, and so does the first mlw run",
        facts={"folder": str(path.parent)},
        looked=(str(path),),
    )
