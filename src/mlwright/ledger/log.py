"""The log itself: events appended under a Merkle head, and read back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.core.merkle import Frontier, leaf_hash
from mlwright.ledger import projections, tiles
from mlwright.ledger.body import Draft, read_body
from mlwright.ledger.database import Database, Row
from mlwright.ledger.packing import packed, unpacked
from mlwright.ledger.records import Event

_PAGE = 1000
_HASH = 32
_COLUMNS = "SELECT sequence, kind, subject, body, leaf FROM event"


def head(database: Database) -> Frontier:
    """Return the frontier of the whole log."""
    rows = database.rows("SELECT size, frontier FROM head")
    if len(rows) != 1:
        raise broken("the head", f"there are {len(rows)} of it")
    size, frontier = rows[0]
    if not isinstance(size, int) or not isinstance(frontier, bytes):
        raise broken("the head", "it is no size and frontier")
    if len(frontier) != size.bit_count() * _HASH:
        raise broken("the head", "its frontier does not fit its size")
    return Frontier(size, _hashes(frontier))


def append(
    database: Database, drafts: Sequence[Draft], *, time: str, actor: str
) -> tuple[Event, ...]:
    """Add events to the log and to what is projected from it; inside the write transaction."""
    if not drafts:
        return ()
    before = head(database)
    events = tuple(
        each.place(sequence=before.size + offset, time=time, actor=actor)
        for offset, each in enumerate(drafts)
    )
    database.run_many(
        "INSERT INTO event (sequence, kind, subject, body, leaf) VALUES (?, ?, ?, ?, ?)",
        [(e.sequence, e.kind, e.subject, packed(e.body), e.leaf) for e in events],
    )
    after = before.extend(event.leaf for event in events)
    tiles.grow(database, before.size, after.size)
    database.run("UPDATE head SET size = ?, frontier = ?", (after.size, b"".join(after.hashes)))
    projections.write(database, events)
    return events


def event_at(database: Database, sequence: int) -> Event:
    """Return the event at a place of the log.

    Raises
    ------
    NotFoundError
        ``event-unknown`` when the log does not reach that far.
    """
    rows = database.rows(f"{_COLUMNS} WHERE sequence = ?", (sequence,))
    if not rows:
        size = head(database).size
        raise NotFoundError(
            "event-unknown",
            f"there is no event e_{sequence}: the log has {size:,}, from e_0 on",
            fix="mlw ls events",
            facts={"sequence": sequence, "size": size},
            looked=("the log",),
        )
    return event_of(rows[0])


def events(
    database: Database,
    *,
    kind: str | None = None,
    subject: str | None = None,
    start: int = 0,
    newest_first: bool = False,
    limit: int | None = None,
) -> Iterator[Event]:
    """Give events in order, read in pages so that no transaction stays open between them."""
    for page in pages(
        database, kind=kind, subject=subject, start=start, newest_first=newest_first, limit=limit
    ):
        for row in page:
            yield event_of(row)


def pages(
    database: Database,
    *,
    kind: str | None = None,
    subject: str | None = None,
    start: int = 0,
    newest_first: bool = False,
    limit: int | None = None,
) -> Iterator[list[Row]]:
    """Give the rows of events, in portions."""
    chosen = {"kind": kind, "subject": subject}
    conditions = [f"{column} = ?" for column, value in chosen.items() if value is not None]
    values = [value for value in chosen.values() if value is not None]
    where = " AND ".join(["sequence >= ?", "sequence <= ?", *conditions])
    order = "DESC" if newest_first else "ASC"
    low, high, left = start, (1 << 63) - 1, limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        page = database.rows(
            f"{_COLUMNS} WHERE {where} ORDER BY sequence {order} LIMIT ?",
            (low, high, *values, size),
        )
        if page:
            yield page
        if len(page) < size:
            return
        last = page[-1][0]
        low, high = (low, last - 1) if newest_first else (last + 1, high)
        left = None if left is None else left - size


def event_of(row: Row) -> Event:
    """Return the event of a row, once its bytes hash to their leaf and say the same as the row.

    Raises
    ------
    BrokenError
        ``log-broken``, naming the entry.
    """
    sequence, kind, subject, stored, leaf = row
    body = body_of(sequence, stored, leaf)
    try:
        event = read_body(body)
    except ValueError as error:
        raise broken(f"entry e_{sequence}", str(error)) from error
    if (event.sequence, event.kind, event.subject) != (sequence, kind, subject):
        raise broken(f"entry e_{sequence}", "its row says other than its bytes")
    return event


def body_of(sequence: object, stored: object, leaf: object) -> bytes:
    """Return the bytes of an event from what is stored, once they hash to their leaf.

    Raises
    ------
    BrokenError
        ``log-broken``, naming the entry.
    """
    try:
        body = unpacked(stored)
    except ValueError as error:
        raise broken(f"entry e_{sequence}", str(error)) from error
    if leaf_hash(body) != leaf:
        raise broken(f"entry e_{sequence}", "its bytes do not hash to its leaf")
    return body


def broken(part: str, why: str) -> BrokenError:
    """Return the error for a log that no longer says what was written, naming the part."""
    return BrokenError(
        "log-broken",
        f"the log is broken at {part}: {why}",
        fix="mlw doctor tells what else is hurt; keep the file as it is for inquiry and restore a"
        " copy, then mlw prove audit",
        facts={"part": part, "why": why},
    )


def _hashes(raw: bytes) -> tuple[bytes, ...]:
    return tuple(raw[at : at + _HASH] for at in range(0, len(raw), _HASH))
