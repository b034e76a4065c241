"""A ledger of an older format is brought to ours: the log stays, what is made from it is made."""

from __future__ import annotations

from mlwright.ledger import log, run_tables
from mlwright.ledger.database import Database
from mlwright.ledger.schema import FORMAT, added_since

_FORMAT = "SELECT value FROM meta WHERE key = 'format'"


def migrate(database: Database, written: str) -> None:
    """Add what the ledger's format lacks, in one transaction; every event stays as it is.

    Nothing is done to a newer format, nor where nothing may be written: opening refuses both.
    """
    if not (_is_older(written) and database.writable):
        return
    with database.writing():
        ((written,),) = database.rows(_FORMAT)
        if not _is_older(written):
            return  # another process was faster
        for statement in added_since(int(written)):
            database.run(statement)
        for page in log.pages(database):
            told = [row for row in page if run_tables.concerns(kind=row[1])]
            run_tables.write(database, [log.event_of(row) for row in told])
        database.run("UPDATE meta SET value = ? WHERE key = 'format'", (str(FORMAT),))


def _is_older(written: str) -> bool:
    return written.isascii() and written.isdecimal() and 1 <= int(written) < FORMAT
