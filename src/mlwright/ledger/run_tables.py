"""What is looked up of runs: how each stands, its metrics, parameters and tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from mlwright.ledger.database import Database
from mlwright.ledger.metrics import read_number, summaries
from mlwright.ledger.records import Event, NewEvent

STARTED, NOTED, POINTS = "run.started", "run.noted", "points.logged"
_STATUS = {
    "run.finished": "finished",
    "run.failed": "failed",
    "run.interrupted": "interrupted",
}
_STEP = "step.finished"
_TELLING = (STARTED, NOTED, POINTS, *_STATUS)


def concerns(kind: str) -> bool:
    """Tell whether events of a kind are seen in these tables."""
    return kind in _TELLING or kind == _STEP


def check(event: NewEvent | Event) -> None:
    """Refuse an event that could not be projected.

    Raises
    ------
    ValueError
        When its metrics, parameters or tags are not of the form they are written in.
    """
    if event.kind not in _TELLING:
        return
    for name in summaries(event.facts):
        name.encode()
    for name, written in _told(event, "params"):
        name.encode()
        param_number(written)
    for name, value in _told(event, "tags"):
        name.encode()
        if value is not None and not isinstance(value, str):
            raise ValueError(f"the tag {name!r} is a text or nothing, not {value!r}")


def write(database: Database, events: Sequence[Event], *, prefix: str = "") -> None:
    """Project events onto the tables, or with a prefix onto the twins made for a rebuild."""
    run = f"(SELECT sequence FROM {prefix}identity WHERE id = ?)"  # noqa: S608 - our own names only
    told = [event for event in events if event.kind in _TELLING]
    database.run_many(
        f"INSERT INTO {prefix}run"  # noqa: S608 - our own names only
        " (sequence, id, name, command, status, started, ended, actor, steps)"
        f" VALUES ({run}, ?, ?, ?, 'open', ?, '', ?, 0) ON CONFLICT DO NOTHING",
        [
            (e.subject, e.subject, _text(e, "name"), _text(e, "command"), e.time, e.actor)
            for e in told
            if e.kind == STARTED
        ],
    )
    database.run_many(
        f"UPDATE {prefix}run SET status = ?, ended = ? WHERE sequence = {run}",  # noqa: S608 - our own names only
        [(_STATUS[e.kind], e.time, e.subject) for e in told if e.kind in _STATUS],
    )
    database.run_many(
        f"UPDATE {prefix}run SET steps = steps + 1 WHERE sequence = {run}",  # noqa: S608 - our own names only
        [(e.subject,) for e in events if e.kind == _STEP],
    )
    database.run_many(
        f"INSERT INTO {prefix}metric (run, name, value, step, time, low, high, count)"  # noqa: S608 - our own names only
        f" VALUES ({run}, ?, ?, ?, ?, ?, ?, ?) {_LATER}",
        [
            (e.subject, name, m.last, m.step, m.time, m.low, m.high, m.count)
            for e in told
            for name, m in summaries(e.facts).items()
        ],
    )
    database.run_many(
        f"INSERT INTO {prefix}param (run, name, written, number) VALUES ({run}, ?, ?, ?)"  # noqa: S608 - our own names only
        " ON CONFLICT (run, name) DO UPDATE SET"
        " written = excluded.written, number = excluded.number",
        [
            (e.subject, name, json.dumps(written, ensure_ascii=False), param_number(written))
            for e in told
            for name, written in _told(e, "params")
        ],
    )
    for event in told:
        for name, value in _told(event, "tags"):
            if value is None:
                sql = f"DELETE FROM {prefix}tag WHERE run = {run} AND name = ?"  # noqa: S608 - our own names only
                database.run(sql, (event.subject, name))
            else:
                sql = (
                    f"INSERT INTO {prefix}tag (run, name, value) VALUES ({run}, ?, ?)"  # noqa: S608 - our own names only
                    " ON CONFLICT (run, name) DO UPDATE SET value = excluded.value"
                )
                database.run(sql, (event.subject, name, value))


_NEWER = "(excluded.step, excluded.time) >= (step, time)"
_LATER = (
    "ON CONFLICT (run, name) DO UPDATE SET"
    f" value = CASE WHEN {_NEWER} THEN excluded.value ELSE value END,"
    f" step = CASE WHEN {_NEWER} THEN excluded.step ELSE step END,"
    f" time = CASE WHEN {_NEWER} THEN excluded.time ELSE time END,"
    " low = min(coalesce(low, excluded.low), coalesce(excluded.low, low)),"
    " high = max(coalesce(high, excluded.high), coalesce(excluded.high, high)),"
    " count = count + excluded.count"
)


def param_number(written: object) -> float | None:
    """Return a parameter's value as a number, None where it is none.

    A float that JSON cannot hold is written as ``{"float": "nan"}``.

    Raises
    ------
    ValueError
        When the value is an object of another form.
    """
    if isinstance(written, Mapping):
        if set(written) != {"float"} or not isinstance(written["float"], str):
            raise ValueError(f"{written!r} is no value of a parameter")
        return read_number(written["float"])
    if isinstance(written, bool) or not isinstance(written, int | float):
        return None
    try:
        return float(written)
    except OverflowError:
        return None


def _told(event: NewEvent | Event, name: str) -> Iterator[tuple[str, object]]:
    told = event.facts.get(name, {})
    if not isinstance(told, Mapping) or not all(isinstance(each, str) for each in told):
        raise ValueError(f"an event tells of {name} by their names, not as {told!r}")
    yield from told.items()


def _text(event: Event, name: str) -> str:
    found = event.facts.get(name)
    return found if isinstance(found, str) else ""
