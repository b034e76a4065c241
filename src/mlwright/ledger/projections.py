"""What is looked up rather than read through: written with the events, and made again from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import UnionType

from mlwright.core.ids import noun_of
from mlwright.ledger import run_tables
from mlwright.ledger.database import Database
from mlwright.ledger.records import Event, NewEvent, RebuildReport
from mlwright.ledger.schema import PROJECTIONS, projection_table

_ABSENT = object()
_TWIN = "rebuilt_"
_FIRST = "ON CONFLICT DO NOTHING"
_NEEDED: Mapping[str, Mapping[str, type | UnionType]] = {
    "step.finished": {"key": str, "run": str, "step": str, "output": str},
    "model.registered": {"name": str, "version": int, "run": str},
    "role.changed": {"endpoint": str, "role": str, "ref": str | None},
}
_NEWEST = (
    "ON CONFLICT (endpoint, role) DO UPDATE SET ref = excluded.ref, sequence = excluded.sequence"
)


def check(event: NewEvent | Event) -> None:
    """Refuse an event that could not be projected.

    Raises
    ------
    ValueError
        When it lacks facts its kind needs.
    """
    for name, kind in _NEEDED.get(event.kind, {}).items():
        value = event.facts.get(name, _ABSENT)
        if not isinstance(value, kind):
            raise ValueError(f"an event of kind {event.kind!r} needs {name}, not {value!r}")
        if isinstance(value, str):
            value.encode()  # a lone surrogate fails here, not in the database
    run_tables.check(event)


def write(database: Database, events: Sequence[Event], *, prefix: str = "") -> None:
    """Project events onto the tables, or with a prefix onto the twins made for a rebuild."""
    database.run_many(
        _insert(prefix, "identity", _FIRST),
        [(e.subject, _noun(e.subject), e.sequence) for e in events],
    )
    database.run_many(
        _insert(prefix, "edge", _FIRST),
        [
            (event.subject, target, event.sequence, position)
            for event in events
            for position, target in enumerate(event.uses)
        ],
    )
    database.run_many(
        _insert(prefix, "object", _FIRST),
        [(digest, event.sequence) for event in events for digest in event.objects],
    )
    database.run_many(
        _insert(prefix, "step"),
        [
            (event.sequence, *_facts(event, "key", "run", "step", "output"))
            for event in events
            if event.kind == "step.finished"
        ],
    )
    database.run_many(
        _insert(prefix, "version"),
        [
            (
                *_facts(event, "name", "version"),
                event.subject,
                *_facts(event, "run"),
                event.sequence,
            )
            for event in events
            if event.kind == "model.registered"
        ],
    )
    for event in events:
        if event.kind == "role.changed":
            _change_role(database, event, prefix)
    run_tables.write(database, events, prefix=prefix)


def _change_role(database: Database, event: Event, prefix: str) -> None:
    endpoint, role, ref = _facts(event, "endpoint", "role", "ref")
    if ref is None:
        database.run(
            f"DELETE FROM {prefix}role WHERE endpoint = ? AND role = ?",  # noqa: S608 - our own names only
            (endpoint, role),
        )
    else:
        database.run(_insert(prefix, "role", _NEWEST), (endpoint, role, ref, event.sequence))


def rebuild(
    database: Database, events: Iterable[Sequence[Event]], *, replace: bool
) -> RebuildReport:
    """Make every projection again from all events and compare; inside a transaction.

    Parameters
    ----------
    events
        All events of the log, in order, in portions.
    replace
        Whether a table that differs is replaced by what the events say.
    """
    for name in PROJECTIONS:
        database.run(f"DROP TABLE IF EXISTS temp.{_TWIN}{name}")
        database.run(projection_table(name, rebuilt=True))
    for portion in events:
        write(database, portion, prefix=_TWIN)
    tables = {name: _compare(database, name) for name in PROJECTIONS}
    for name, (_, equal) in tables.items():
        if replace and not equal:
            _replace(database, name)
        database.run(f"DROP TABLE temp.{_TWIN}{name}")
    return RebuildReport(equal=all(equal for _, equal in tables.values()), tables=tables)


def _compare(database: Database, name: str) -> tuple[int, bool]:
    # Every column with its type: a damaged value can compare equal to another, as 1 does to 1.0.
    columns = ", ".join(f"{column}, typeof({column})" for column in _columns(name))
    ours = f"SELECT {columns} FROM {name} NOT INDEXED"  # noqa: S608 - our own names only
    twin = f"SELECT {columns} FROM {_TWIN}{name}"  # noqa: S608 - our own names only
    (rows,), (rows_twin,) = (
        database.rows(f"SELECT count(*) FROM ({query})")[0]  # noqa: S608 - our own names only
        for query in (ours, twin)
    )
    differs = any(
        database.rows(f"{left} EXCEPT {right} LIMIT 1")
        for left, right in ((ours, twin), (twin, ours))
    )
    return rows_twin, rows == rows_twin and not differs


def _replace(database: Database, name: str) -> None:
    columns = ", ".join(_columns(name))
    database.run(f"DELETE FROM {name}")  # noqa: S608 - our own names only
    database.run(
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {_TWIN}{name}"  # noqa: S608 - our own names only
    )


@lru_cache(maxsize=64)
def _insert(prefix: str, name: str, conflict: str = "") -> str:
    columns = _columns(name)
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {prefix}{name} ({', '.join(columns)}) VALUES ({marks}) {conflict}"  # noqa: S608 - our own names only


def _columns(name: str) -> tuple[str, ...]:
    return tuple(column.split()[0] for column in PROJECTIONS[name])


def _noun(identifier: str) -> str:
    noun = noun_of(identifier)
    return noun.value if noun else ""


def _facts(event: Event, *names: str) -> tuple[object, ...]:
    return tuple(event.facts[name] for name in names)
