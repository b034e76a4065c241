"""The log's Merkle tree, kept as tiles of 256 hashes, so that any proof reads a few rows."""

from __future__ import annotations

from mlwright.core.merkle import EMPTY_ROOT, Frontier, Subtree, node_hash, root_of
from mlwright.ledger.database import Database

WIDTH = 256
_HASH = 32


def grow(database: Database, old: int, new: int) -> None:
    """Add to the tiles what the events from ``old`` to ``new`` completed.

    An entry of level ``n`` is the root over ``256**n`` events; level 0 is the events' own leaf
    column. Only a crossed boundary writes, so appending one event mostly writes no tile.
    """
    level, unit = 1, WIDTH
    while old // unit < new // unit:
        for entry in range(old // unit, new // unit):
            children = _entries(database, level - 1, entry * WIDTH, WIDTH)
            _add(database, level, entry, root_of(children))
        level, unit = level + 1, unit * WIDTH


def root_of_tile(database: Database, first: int) -> bytes:
    """Return the stored root over the ``WIDTH`` events from ``first`` on, empty without one."""
    return _entries(database, 1, first // WIDTH, 1)[0]


def subtree_of(database: Database) -> Subtree:
    """Return a reader of subtree roots from the tiles, for proofs."""

    def read(start: int, end: int) -> bytes:
        if start == end:
            return EMPTY_ROOT
        level, unit = 0, 1
        while unit * WIDTH < end - start:
            level, unit = level + 1, unit * WIDTH
        whole = (end - start) // unit
        frontier = Frontier().extend(_entries(database, level, start // unit, whole))
        if start + whole * unit == end:
            return frontier.root()
        node = read(start + whole * unit, end)
        for left in reversed(frontier.hashes):
            node = node_hash(left, node)
        return node

    return read


def _entries(database: Database, level: int, first: int, count: int) -> list[bytes]:
    """Return hashes of a level; those of one subtree never cross a tile's end."""
    if level == 0:
        rows = database.rows(
            "SELECT leaf FROM event WHERE sequence >= ? AND sequence < ? ORDER BY sequence",
            (first, first + count),
        )
        return [leaf for (leaf,) in rows]
    hashes = _tile(database, level, first // WIDTH)
    start = first % WIDTH
    return [hashes[at * _HASH : (at + 1) * _HASH] for at in range(start, start + count)]


def _tile(database: Database, level: int, position: int) -> bytes:
    sql = "SELECT hashes FROM tile WHERE level = ? AND position = ?"
    rows = database.rows(sql, (level, position))
    return rows[0][0] if rows else b""


def _add(database: Database, level: int, entry: int, node: bytes) -> None:
    position = entry // WIDTH
    database.run(
        "INSERT INTO tile (level, position, hashes) VALUES (?, ?, ?)"
        " ON CONFLICT (level, position) DO UPDATE SET hashes = excluded.hashes",
        (level, position, _tile(database, level, position) + node),
    )
