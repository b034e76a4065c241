"""PostgreSQL, by ADBC: a query's answer as columns, read-only, in one state of the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING

import polars as pl

from mlwright.core.errors import DataError, FaultError
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.address import Address, without
from mlwright.data.sources.arrow_schema import ArrowField, fields_of
from mlwright.data.sources.extras import missing_extra
from mlwright.data.sources.kinds import numbers_in
from mlwright.data.sources.query import query_failed, query_missing, statement
from mlwright.data.sources.raw import RawTable

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

FORMAT = "postgresql"

_TEXTS = ("u", "U")
_PLAIN = ("b", "s", "i", "l", "f", "g", "tdD", *_TEXTS)
_NUMBERS_AND_DAYS = (
    *("bool", "int2", "int4", "int8", "float4", "float8"),
    *("date", "timestamp", "timestamptz"),
)
_MOMENTS = "tsu:"
_AS_TEXT = ("numeric", "uuid")
_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def read(address: Address, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read a query's answer.

    Raises
    ------
    UsageError
        ``query-missing``, ``query-failed``; ``extra-missing`` where the driver is not installed.
    FaultError
        ``source-unreached`` where the database does not answer.
    DataError
        ``type-unsupported`` names a column whose type is no table cell here.
    """
    if settings.query is None:
        raise query_missing(address.text, "")
    query = statement(settings.query)
    with _cursor(address, settings) as cursor, _told(query, address):
        asked = f"SELECT * FROM ({query}\n) AS asked"  # noqa: S608  the user's own question
        fields = _described(cursor, asked)
        names, readings = settle_names([field.name for field in fields], settings.max_columns)
        columns = ", ".join(map(_column, fields))
        cursor.execute(f"SELECT {columns} FROM ({query}\n) AS asked")  # noqa: S608  as above
        frame = cursor.fetch_polars()
    finished = []
    for name, field, found in zip(names, fields, frame, strict=True):
        numeric = field.foreign == "numeric" and name not in texts
        values, told = numbers_in(found) if numeric else (found, [])
        finished.append(values.rename(name))
        readings.extend(Reading(name, what, count) for what, count in told)
    return RawTable(pl.DataFrame(finished), tuple(readings), FORMAT)


def _described(cursor: Cursor, query: str) -> list[ArrowField]:
    cursor.execute(_READ_ONLY)
    cursor.adbc_statement.set_sql_query(query)
    return fields_of(cursor.adbc_statement.execute_schema())


def _column(field: ArrowField) -> str:
    """Return how a column is asked for; what has no counterpart here is refused by its name."""
    quoted = '"' + field.name.replace('"', '""') + '"'
    if field.foreign in _AS_TEXT:
        return f"asked.{quoted}::text AS {quoted}"
    plain = field.format in _PLAIN or field.format.startswith(_MOMENTS)
    # The driver hands some types over as whole numbers they are not: money as cents.
    meant = field.format in _TEXTS or field.stated in (None, *_NUMBERS_AND_DAYS)
    if field.foreign is None and plain and meant:
        return f"asked.{quoted}"
    kind = field.foreign or _SAID.get(field.format) or field.stated or "a type"
    raise DataError(
        "type-unsupported",
        f"the column {field.name!r} has the type {kind}, which is no table cell here",
        fix=f"cast it in the query, such as {quoted}::text, or leave it out",
        facts={"column": field.name, "type": kind},
    )


_SAID = {"tin": "interval", "ttu": "time", "z": "bytea", "+l": "a list", "+s": "a record"}


@contextmanager
def _cursor(address: Address, settings: DataSettings) -> Iterator[Cursor]:
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise missing_extra("postgres", address.text) from None
    try:
        connection = dbapi.connect(_patient(address.target, settings.timeout))
    except Error as error:
        raise FaultError(
            "source-unreached",
            f"the database {address.text} does not answer: {_said(error, address)}",
            fix="look at the address that the variable holds, and whether this machine may reach "
            "the database",
            facts={"source": address.text},
        ) from None
    with connection, connection.cursor() as cursor:
        yield cursor


def _patient(target: str, timeout: float) -> str:
    """Return an address that is given up when nobody answers in time."""
    if "connect_timeout" in target:
        return target
    return f"{target}{'&' if '?' in target else '?'}connect_timeout={max(2, ceil(timeout))}"


@contextmanager
def _told(query: str, address: Address) -> Iterator[None]:
    """Turn what the database says into an error of ours that holds nothing of its address."""
    from adbc_driver_manager import Error

    # What goes wrong while rows are on their way comes through Polars.
    faults = (Error, pl.exceptions.PolarsError, pl.exceptions.PanicException)
    try:
        yield
    except faults as error:
        raise query_failed(query, _said(error, address)) from None


def _said(error: Exception, address: Address) -> str:
    """Return the first line of the database's own words."""
    text = str(error).partition("ERROR:")[2] or str(error).rpartition("libpq] ")[2] or str(error)
    return without(text.strip().splitlines()[0].strip(), address.target)
