"""A quick look at a log before it is built upon: its end, whole, and what holds the rest.

Covered are the newest ``RECENT`` events, byte by byte; the head, against these and the tiles of
all before; and the newest stored checkpoint, its signature and its root. Not covered are the
bodies of older events and the look-up tables: :func:`mlwright.ledger.verify.verify` reads those.
"""

from __future__ import annotations

from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.merkle import Frontier, root_of
from mlwright.ledger import log, opening, tiles
from mlwright.ledger.body import tells
from mlwright.ledger.checkpoint import parse_key, unseal
from mlwright.ledger.database import Database, Row

RECENT = 8 * tiles.WIDTH
_HELD = 128
"""The newest events, which are also held against their rows: their bytes say the same."""


def require_sound(database: Database) -> None:
    """Refuse a log whose end is no longer what was written; a few milliseconds, however long it is.

    Raises
    ------
    BrokenError
        ``log-broken``, naming the entry or the part, or ``checkpoint-invalid``.
    """
    with database.reading():
        head = log.head(database)
        _check_recent(database, head)
        _check_checkpoint(database, head)


def _check_recent(database: Database, head: Frontier) -> None:
    start = max(0, head.size - RECENT) // tiles.WIDTH * tiles.WIDTH
    rows = database.rows(
        "SELECT sequence, kind, subject, body, leaf FROM event WHERE sequence >= ?"
        " ORDER BY sequence",
        (start,),
    )
    leaves: list[bytes] = []
    held: list[tuple[bytes, Row]] = []
    for place, row in enumerate(rows, start):
        sequence, _, _, stored, leaf = row
        if sequence != place:
            raise log.broken(f"entry e_{place}", "it is missing")
        body = log.body_of(place, stored, leaf)
        leaves.append(leaf)
        if head.size - place <= _HELD:
            held.append((body, row))
    found = start + len(leaves)
    if found != head.size:
        raise log.broken(
            f"entry e_{min(found, head.size)}",
            f"the log has {found:,} entries, its head says {head.size:,}",
        )
    if _frontier_at(database, start).extend(leaves) != head:
        raise _misplaced(database, start, leaves)
    for body, row in held:
        sequence, kind, subject, *_ = row
        if not tells(body, sequence, kind, subject):
            log.event_of(row)  # reads it whole, and says what is wrong


def _frontier_at(database: Database, size: int) -> Frontier:
    """Return the frontier the log had at a size that is whole tiles, from the tiles alone."""
    subtree = tiles.subtree_of(database)
    hashes = []
    start = 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            hashes.append(subtree(start, start + (1 << bit)))
            start += 1 << bit
    return Frontier(size, tuple(hashes))


def _misplaced(database: Database, start: int, leaves: list[bytes]) -> BrokenError:
    """Return the error for entries that do not lead to the head, naming the tile they lie in."""
    for at in range(0, len(leaves) - tiles.WIDTH + 1, tiles.WIDTH):
        first = start + at
        if tiles.root_of_tile(database, first) != root_of(leaves[at : at + tiles.WIDTH]):
            part = f"an entry from e_{first} to e_{first + tiles.WIDTH - 1}"
            return log.broken(part, "they are not those of their tile")
    return log.broken("its head", f"it is not that of its {start + len(leaves):,} entries")


def _check_checkpoint(database: Database, head: Frontier) -> None:
    rows = database.rows("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
    if not rows:
        return
    from mlwright.ledger.keys import check_signature

    size, note = rows[0]
    part = f"its stored checkpoint of {size}"
    try:
        key = parse_key(str(opening.meta(database).get("key")))
    except UsageError as error:
        raise log.broken("its public key", error.message) from error
    checkpoint = unseal(str(note), key, check_signature)
    if checkpoint.size != size:
        raise log.broken(part, f"it is of {checkpoint.size}")
    if size > head.size:
        raise log.broken(f"entry e_{head.size}", f"{part} has {size:,} entries, the log fewer")
    if tiles.subtree_of(database)(0, size) != checkpoint.root:
        raise log.broken(f"an entry before e_{size}", f"{part} has another root than the log")
