"""Questions to the projections."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.core.ids import Noun
from mlwright.ledger import log
from mlwright.ledger.database import Database
from mlwright.ledger.records import RoleRow, StepRow, VersionRow

_STEP = "SELECT key, run, step, output, sequence FROM step"
_VERSION = "SELECT name, number, model, run, sequence FROM version"
_ROLE = "SELECT endpoint, role, ref, sequence FROM role"
_ALL = -1  # SQLite's word for no limit


def resolve(database: Database, prefix: str) -> tuple[str, ...]:
    """Return the ids that begin with ``prefix``; one that is an id already stands alone."""
    prefix = prefix.encode(errors="replace").decode()
    noun, _, number = prefix.partition("_")
    if noun == Noun.EVENT.value and number.isdecimal() and number.isascii():
        known = str(int(number)) == number and int(number) < log.head(database).size
        return (prefix,) if known else ()
    if _texts(database, "SELECT id FROM identity WHERE id = ?", prefix):
        return (prefix,)
    if not prefix or not prefix.isascii():
        return ()
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return _texts(
        database, "SELECT id FROM identity WHERE id >= ? AND id < ? ORDER BY id", prefix, end
    )


def uses(database: Database, identifier: str) -> tuple[str, ...]:
    """Return what an id was made from, in the order it was said."""
    sql = "SELECT target FROM edge WHERE source = ? ORDER BY sequence, position"
    return _texts(database, sql, identifier)


def used_by(database: Database, identifier: str) -> tuple[str, ...]:
    """Return what was made from an id, oldest first."""
    sql = "SELECT source FROM edge WHERE target = ? ORDER BY sequence, position"
    return _texts(database, sql, identifier)


def ids(
    database: Database, noun: Noun, *, newest_first: bool, limit: int | None
) -> tuple[str, ...]:
    """Return the ids of a noun, by when they first appeared."""
    count = _ALL if limit is None else limit
    if noun is Noun.EVENT:
        size = log.head(database).size
        numbers = range(size - 1, -1, -1) if newest_first else range(size)
        return tuple(f"e_{n}" for n in (numbers if limit is None else numbers[:limit]))
    order = "DESC" if newest_first else "ASC"
    sql = f"SELECT id FROM identity WHERE noun = ? ORDER BY sequence {order} LIMIT ?"  # noqa: S608 - ASC or DESC
    return _texts(database, sql, noun.value, count)


def step(database: Database, key: Digest) -> StepRow | None:
    """Return the newest finished step with a key."""
    sql = f"{_STEP} WHERE key = ? ORDER BY sequence DESC LIMIT 1"
    rows = database.rows(sql, (key,))
    return StepRow(*rows[0]) if rows else None


def steps_of(database: Database, run: str) -> tuple[StepRow, ...]:
    """Return the finished steps of a run, in order."""
    rows = database.rows(f"{_STEP} WHERE run = ? ORDER BY sequence", (run,))
    return tuple(StepRow(*row) for row in rows)


def steps_named(database: Database, name: str) -> tuple[StepRow, ...]:
    """Return the finished steps of a name, newest first."""
    rows = database.rows(f"{_STEP} WHERE step = ? ORDER BY sequence DESC", (name,))
    return tuple(StepRow(*row) for row in rows)


def versions(database: Database, name: str | None) -> tuple[VersionRow, ...]:
    """Return the versions of a name, or of all, oldest first."""
    if name is None:
        rows = database.rows(f"{_VERSION} ORDER BY sequence")
    else:
        rows = database.rows(f"{_VERSION} WHERE name = ? ORDER BY number", (name,))
    return tuple(VersionRow(*row) for row in rows)


def roles(database: Database, endpoint: str | None) -> tuple[RoleRow, ...]:
    """Return who holds the roles now, of an endpoint or of all."""
    if endpoint is None:
        rows = database.rows(f"{_ROLE} ORDER BY endpoint, role")
    else:
        rows = database.rows(f"{_ROLE} WHERE endpoint = ? ORDER BY role", (endpoint,))
    return tuple(RoleRow(*row) for row in rows)


def objects(database: Database) -> tuple[Digest, ...]:
    """Return every object an event names, each once, oldest first."""
    found = _texts(database, "SELECT digest FROM object ORDER BY sequence, digest")
    return tuple(Digest(digest) for digest in found)


def _texts(database: Database, sql: str, *parameters: object) -> tuple[str, ...]:
    return tuple(text for (text,) in database.rows(sql, parameters))
