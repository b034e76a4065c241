"""A quick look at a log before it is built upon: its end, whole, and what holds the rest.

Covered are the newest ``RECENT`` events, each once in a process: what is stored of them is what
was written, and of the last they are also read; the head, against these and the tiles of all
before; and the newest stored checkpoint, its signature and its root. Not covered are the bodies of
older events and the look-up tables: :func:`mlwright.ledger.verify.verify` reads those. Whatever
reads an event holds it against its leaf.
"""

from __future__ import annotations

from pathlib import Path

from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.merkle import Frontier, root_of
from mlwright.ledger import log, opening, tiles
from mlwright.ledger.body import tells
from mlwright.ledger.checkpoint import parse_key, unseal
from mlwright.ledger.database import Database
from mlwright.ledger.packing import is_whole, tells_damage

RECENT = 8 * tiles.WIDTH
_READ = 128
"""The newest events, which are unpacked: they hash to their leaf and say what their row says.

Of those before, the sum that is stored with their bytes tells damage.
"""

_SEEN: dict[Path, Frontier] = {}
"""The head of each log this process has found sound: only what came later is looked at again."""


def require_sound(database: Database) -> None:
    """Refuse a log whose end is no longer what was written; a few milliseconds, however long it is.

    Raises
    ------
    BrokenError
        ``log-broken``, naming the entry or the part, or ``checkpoint-invalid``.
    """
    with database.reading():
        head = log.head(database)
        path = database.path and database.path.absolute()
        seen = _SEEN.get(path) if path else None
        if seen is None or not _is_further(database, head, seen):
            _check_recent(database, head)
            _check_checkpoint(database, head)
    if path:
        _SEEN[path] = head


def _is_further(database: Database, head: Frontier, seen: Frontier) -> bool:
    """Tell whether a log is one this process has looked at, and sound events since."""
    if head.size < seen.size:
        return False
    try:
        leaves = _leaves(database, seen.size, head.size)
    except BrokenError:
        return False  # said by the whole look, which begins before
    return seen.extend(leaves) == head


def _check_recent(database: Database, head: Frontier) -> None:
    start = max(0, head.size - RECENT) // tiles.WIDTH * tiles.WIDTH
    leaves = _leaves(database, start, head.size)
    if _frontier_at(database, start).extend(leaves) != head:
        raise _misplaced(database, start, leaves)


def _leaves(database: Database, start: int, size: int) -> list[bytes]:
    """Return the leaves from ``start`` on, of events that are as they were written."""
    rows = database.rows(
        "SELECT sequence, kind, subject, body, leaf FROM event WHERE sequence >= ?"
        " ORDER BY sequence",
        (start,),
    )
    leaves: list[bytes] = []
    for place, row in enumerate(rows, start):
        sequence, kind, subject, stored, leaf = row
        if sequence != place:
            raise log.broken(f"entry e_{place}", "it is missing")
        if size - place <= _READ or not tells_damage(stored):
            body = log.body_of(place, stored, leaf)
            if not tells(body, place, kind, subject):
                log.event_of(row)  # reads it whole, and says what is wrong
        elif not is_whole(stored):
            log.body_of(place, stored, leaf)  # says what is wrong
        leaves.append(leaf)
    found = start + len(leaves)
    if found != size:
        raise log.broken(
            f"entry e_{min(found, size)}",
            f"the log has {found:,} entries, its head says {size:,}",
        )
    return leaves


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
