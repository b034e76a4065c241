"""What every database is asked alike: one statement that gives rows; and how a refusal is told."""

from __future__ import annotations

from mlwright.core.errors import UsageError


def statement(query: str) -> str:
    """Return a query without the semicolon at its end.

    Raises
    ------
    UsageError
        ``query-failed`` for an empty one.
    """
    bare = query.strip().rstrip(";").rstrip()
    if not bare:
        raise query_failed(query, "it is empty")
    return bare


def query_failed(query: str, why: str) -> UsageError:
    """Return the error for a query the database does not answer."""
    return UsageError(
        "query-failed",
        f"the query gives no table: {why}",
        fix="give one statement that gives rows, such as SELECT … FROM …",
        facts={"query": query},
    )


def query_missing(where: str, looked: str) -> UsageError:
    """Return the error for a database of which no table was asked."""
    return UsageError(
        "query-missing",
        f"{where} is a database: which of its rows are the table?",
        fix="--query 'SELECT * FROM customers', or query = \"…\" under [data]",
        facts={"source": where},
        looked=[looked] if looked else [],
    )


def query_unfit(where: str) -> UsageError:
    """Return the error for a query about what is no database."""
    return UsageError(
        "query-unfit",
        f"{where} is no database that a query could be put to",
        fix="leave the query out, or name a SQLite file or env:NAME as the source",
        facts={"source": where},
    )
