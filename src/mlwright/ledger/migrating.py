"""A ledger of an older format is brought to ours: its log stays as it lies.

What is made from the log is made, and what newer entries are packed with is added.
"""

from __future__ import annotations

from mlwright.ledger import log, run_tables
from mlwright.ledger.database import Database
from mlwright.ledger.packing import dictionary_rows
from mlwright.ledger.schema import FORMAT, RUNS_SINCE, added_since

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
        if int(written) < RUNS_SINCE:
            for page in log.pages(database):
                told = [row for row in page if run_tables.concerns(kind=row[1])]
                run_tables.write(database, [log.event_of(row) for row in told])
        database.run_many("INSERT INTO meta (key, value) VALUES (?, ?)", dictionary_rows())
        database.run("UPDATE meta SET value = ? WHERE key = 'format'", (str(FORMAT),))


def _is_older(written: str) -> bool:
    return written.isascii() and written.isdecimal() and 1 <= int(written) < FORMAT
