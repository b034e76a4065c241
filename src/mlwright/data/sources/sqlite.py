"""SQLite, by Python's own module: a query's answer, read-only; types by what the cells hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import polars as pl

from mlwright.core.errors import DataError, MlwrightError, listed
from mlwright.data.names import settle_names
from mlwright.data.settings import DataSettings
from mlwright.data.sources.query import query_failed, query_missing, statement
from mlwright.data.sources.raw import RawTable
from mlwright.data.sources.steady import opened
from mlwright.data.sources.values import ValueColumn

FORMAT = "sqlite"
MARK = b"SQLite format 3\0"

_BATCH = 65_536
_VIEW = "mlwright_query"


def read(path: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read a query's answer, or all of the one table there is.

    Raises
    ------
    UsageError
        ``query-missing`` where several tables are there; ``query-failed``.
    DataError, NotFoundError
        Whatever is wrong with the file or its cells.
    """
    with _base(path) as base:
        query = _only_table(base, path) if settings.query is None else statement(settings.query)
        with _told(query, path):
            # A view takes one statement that gives rows and nothing else, and tells what types
            # its columns were declared with.
            base.execute(f"CREATE TEMP VIEW {_VIEW} AS {query}\n")
            declared = base.execute(f"PRAGMA temp.table_info({_VIEW})").fetchall()
            truths = {row[0] for row in declared if str(row[2]).upper().startswith("BOOL")}
            cursor = base.execute(query)
            written = [column[0] for column in cursor.description]
            names, readings = settle_names(written, settings.max_columns)
            columns = [ValueColumn(name, text=name in texts) for name in names]
            while batch := cursor.fetchmany(_BATCH):
                for place, cells in enumerate(zip(*batch, strict=True)):
                    columns[place].add(_truths(cells) if place in truths else cells)
    finished = []
    for column in columns:
        values, told = column.finish()
        finished.append(values)
        readings.extend(told)
    return RawTable(pl.DataFrame(finished), tuple(readings), FORMAT)


@contextmanager
def _base(path: Path) -> Iterator[sqlite3.Connection]:
    with opened(path):
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        with _told("", path), closing(sqlite3.connect(address, uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("BEGIN")
            yield base


@contextmanager
def _told(query: str, path: Path) -> Iterator[None]:
    """Turn what SQLite says into an error of ours."""
    try:
        yield
    except MlwrightError:
        raise
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        if "decode" in str(error).lower():
            raise DataError(
                "data-encoding",
                f"{path}: {error}",
                fix="write the column's texts as UTF-8, or leave it out of the query",
                facts={"path": str(path)},
            ) from error
        raise query_failed(query, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise DataError(
            "sqlite-broken",
            f"{path} is no whole SQLite database: {error}",
            fix="copy the database again, or export its table",
            facts={"path": str(path)},
        ) from error


def _only_table(base: sqlite3.Connection, path: Path) -> str:
    found = base.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    names = [str(name) for (name,) in found]
    if len(names) != 1:
        raise query_missing(str(path), f"its {len(names)} tables: {listed(names)}")
    quoted = names[0].replace('"', '""')
    return f'SELECT * FROM "{quoted}"'  # noqa: S608  the database's own name, quoted


def _truths(values: Sequence[object]) -> Sequence[object]:
    """Return a column declared as truth values as such, where it holds nothing else."""
    if all(value is None or (type(value) is int and value in (0, 1)) for value in values):
        return [None if value is None else bool(value) for value in values]
    return values
