"""The tables of a ledger: the events and their log, and what is projected from them."""

from __future__ import annotations

from collections.abc import Mapping

FORMAT = 3
"""Rises with each change an older program could not read; :mod:`.migrating` leads here."""

_LOG = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
    # The truth. Its leaf column is level 0 of the log's tiles.
    "CREATE TABLE event (sequence INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, body BLOB NOT NULL, leaf BLOB NOT NULL)",
    "CREATE INDEX event_by_kind ON event (kind, sequence)",
    "CREATE INDEX event_by_subject ON event (subject, sequence)",
    "CREATE TABLE head (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 0),"
    " size INTEGER NOT NULL, frontier BLOB NOT NULL)",
    "CREATE TABLE tile (level INTEGER NOT NULL, position INTEGER NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY (level, position))",
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY NOT NULL, note TEXT NOT NULL)",
    "CREATE TRIGGER event_never_updated BEFORE UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    "CREATE TRIGGER event_never_deleted BEFORE DELETE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END",
    # INSERT OR REPLACE deletes without the trigger above; this one also keeps the log gapless.
    "CREATE TRIGGER event_only_appended BEFORE INSERT ON event"
    " WHEN NEW.sequence <> (SELECT coalesce(max(sequence) + 1, 0) FROM event)"
    " BEGIN SELECT RAISE(ABORT, 'events are only appended'); END",
)

PROJECTIONS: Mapping[str, tuple[str, ...]] = {
    "identity": ("id TEXT NOT NULL", "noun TEXT NOT NULL", "sequence INTEGER NOT NULL"),
    "edge": (
        "source TEXT NOT NULL",
        "target TEXT NOT NULL",
        "sequence INTEGER NOT NULL",
        "position INTEGER NOT NULL",
    ),
    "object": ("digest TEXT NOT NULL", "sequence INTEGER NOT NULL"),
    "step": (
        "sequence INTEGER NOT NULL",
        "key TEXT NOT NULL",
        "run TEXT NOT NULL",
        "step TEXT NOT NULL",
        "output TEXT NOT NULL",
    ),
    "version": (
        "name TEXT NOT NULL",
        "number INTEGER NOT NULL",
        "model TEXT NOT NULL",
        "run TEXT NOT NULL",
        "sequence INTEGER NOT NULL",
    ),
    "role": (
        "endpoint TEXT NOT NULL",
        "role TEXT NOT NULL",
        "ref TEXT NOT NULL",
        "sequence INTEGER NOT NULL",
    ),
    # Since format 2. A run is named by the place of its first event: shorter than its id.
    "run": (
        "sequence INTEGER NOT NULL",
        "id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "command TEXT NOT NULL",
        "status TEXT NOT NULL",
        "started TEXT NOT NULL",
        "ended TEXT NOT NULL",
        "actor TEXT NOT NULL",
        "steps INTEGER NOT NULL",
    ),
    # SQLite has no NaN: where one was logged last, the value is NULL.
    "metric": (
        "run INTEGER NOT NULL",
        "name TEXT NOT NULL",
        "value REAL",
        "step INTEGER NOT NULL",
        "time INTEGER NOT NULL",
        "low REAL",
        "high REAL",
        "count INTEGER NOT NULL",
    ),
    # The value as it was written, as JSON, and once more where it is a number.
    "param": (
        "run INTEGER NOT NULL",
        "name TEXT NOT NULL",
        "written TEXT NOT NULL",
        "number REAL",
    ),
    "tag": ("run INTEGER NOT NULL", "name TEXT NOT NULL", "value TEXT NOT NULL"),
}
"""The columns of each projection: what can be made again from the events alone."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "identity": ("id",),
    "edge": ("source", "target"),
    "object": ("digest",),
    "step": ("sequence",),
    "version": ("name", "number"),
    "role": ("endpoint", "role"),
    "run": ("sequence",),
    "metric": ("run", "name"),
    "param": ("run", "name"),
    "tag": ("run", "name"),
}
"""What names a row of each projection."""

_INDEXES = (
    "CREATE INDEX identity_by_noun ON identity (noun, sequence)",
    "CREATE INDEX edge_by_target ON edge (target, sequence)",
    "CREATE INDEX step_by_key ON step (key, sequence)",
    "CREATE INDEX step_by_run ON step (run, sequence)",
    "CREATE INDEX step_by_step ON step (step, sequence)",
    "CREATE INDEX metric_by_value ON metric (name, value)",
)

RUNS_SINCE = 2
SINCE: Mapping[int, tuple[str, ...]] = {RUNS_SINCE: ("run", "metric", "param", "tag")}
"""Which projections each format brought."""


def projection_table(name: str, *, rebuilt: bool = False) -> str:
    """Return the statement that makes a projection's table, or its temporary twin."""
    columns = ", ".join((*PROJECTIONS[name], f"PRIMARY KEY ({', '.join(KEYS[name])})"))
    table = f"TEMPORARY TABLE rebuilt_{name}" if rebuilt else f"TABLE {name}"
    return f"CREATE {table} ({columns}) WITHOUT ROWID"


def added_since(written: int) -> tuple[str, ...]:
    """Return the statements that a ledger of an older format lacks, in order."""
    names = [name for number in sorted(SINCE) if number > written for name in SINCE[number]]
    indexes = [each for each in _INDEXES if any(f" ON {name} (" in each for name in names)]
    return (*map(projection_table, names), *indexes)


def statements() -> tuple[str, ...]:
    """Return the statements that make an empty ledger, in order."""
    return (*_LOG, *(projection_table(name) for name in PROJECTIONS), *_INDEXES)
