"""Verify a whole log: every byte of every event, the tree over them, and all made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mlwright.core.errors import RefusedError, UsageError
from mlwright.core.merkle import EMPTY_ROOT, Frontier, root_of
from mlwright.ledger import log, opening, projections, schema, tiles
from mlwright.ledger.body import is_canonical
from mlwright.ledger.checkpoint import Checkpoint, VerifierKey, parse_key, unseal
from mlwright.ledger.database import Database
from mlwright.ledger.keys import check_signature
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.packing import dictionary_rows
from mlwright.ledger.records import Event, LogReport


def verify(ledger: Ledger, *, checkpoint: str | None = None) -> LogReport:
    """Read the whole log and return what it rests on; nothing in it is changed.

    Every event hashes to its leaf and says the same as its row; tiles, head and stored
    checkpoints are those of the leaves; every projection is what the events say; SQLite finds its
    file sound.

    Parameters
    ----------
    checkpoint
        A note that was kept outside. It alone shows what the owner of the log's key could hide:
        entries changed and all hashes and signatures made again, or entries cut off at the end.

    Raises
    ------
    BrokenError
        ``log-broken``, naming the entry or the part, or ``checkpoint-invalid``.
    """
    database = ledger.database
    with database.reading():
        _check_file(database)
        key = _key(database)
        stored = _stored_checkpoints(database, key)
        outside = unseal(checkpoint, key, check_signature) if checkpoint is not None else None
        sizes = {*stored, outside.size} if outside else set(stored)
        tree = _Tree(dict.fromkeys(sizes, EMPTY_ROOT))
        try:
            report = projections.rebuild(database, _read_through(database, tree), replace=False)
        except RefusedError as error:
            raise log.broken("an entry", f"it contradicts an earlier one: {error}") from error
        _check_head(database, tree.frontier)
        _check_tiles(database, tree)
        for known in stored.values():
            _check_checkpoint(known, tree, f"its stored checkpoint of {known.size}")
        if outside:
            _check_checkpoint(outside, tree, "the checkpoint from outside")
    for name, (_, equal) in report.tables.items():
        if not equal:
            raise log.broken(f"the look-up table {name!r}", "it is not what the events say")
    return LogReport(
        size=tree.frontier.size,
        root=tree.frontier.root(),
        checkpoints=len(stored),
        covered=outside.size if outside else max(stored, default=0),
        outside=outside is not None,
        key=key.line(),
        projections=report,
    )


@dataclass(slots=True)
class _Tree:
    """What is built while the events are read: the frontier, roots on the way, 256-wide nodes."""

    roots: dict[int, bytes]
    frontier: Frontier = field(default_factory=Frontier)
    nodes: list[bytes] = field(default_factory=list)
    _leaves: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        self.frontier = self.frontier.append(leaf)
        if self.frontier.size in self.roots:
            self.roots[self.frontier.size] = self.frontier.root()
        self._leaves.append(leaf)
        if len(self._leaves) == tiles.WIDTH:
            self.nodes.append(root_of(self._leaves))
            self._leaves.clear()


def _check_file(database: Database) -> None:
    found = [str(what) for (what,) in database.rows("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise log.broken("its file", "; ".join(found))
    wanted = Database(None)
    try:
        for statement in schema.statements():
            wanted.run(statement)
        sql = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ours, theirs = (set(each.rows(sql)) for each in (wanted, database))
    finally:
        wanted.close()
    if ours != theirs:
        names = sorted({str(name) for _, name, *_ in ours ^ theirs})
        raise log.broken("its tables", f"not as this program makes them: {', '.join(names)}")
    opening.check_format(database)


def _key(database: Database) -> VerifierKey:
    said = opening.meta(database)
    if set(said) != {"format", "key", *dict(dictionary_rows())}:
        raise log.broken("what it says of itself", f"it says {sorted(said)}")
    for name, text in dictionary_rows():
        if said[name] != text:
            raise log.broken(f"its {name}", "it is not the one its entries were packed with")
    try:
        return parse_key(said["key"])
    except UsageError as error:
        raise log.broken("its public key", error.message) from error


def _stored_checkpoints(database: Database, key: VerifierKey) -> dict[int, Checkpoint]:
    stored: dict[int, Checkpoint] = {}
    for size, note in database.rows("SELECT size, note FROM checkpoint ORDER BY size"):
        checkpoint = unseal(note, key, check_signature)
        if checkpoint.size != size:
            raise log.broken(f"its stored checkpoint of {size}", f"it is of {checkpoint.size}")
        stored[size] = checkpoint
    return stored


def _read_through(database: Database, tree: _Tree) -> Iterator[list[Event]]:
    for page in log.pages(database):
        events = [
            _checked(log.event_of(row), tree.frontier.size + at) for at, row in enumerate(page)
        ]
        for event in events:
            tree.add(event.leaf)
        yield events


def _checked(event: Event, place: int) -> Event:
    if event.sequence != place:
        raise log.broken(f"entry e_{place}", "it is missing")
    try:
        projections.check(event)
    except ValueError as error:
        raise log.broken(f"entry {event.id}", str(error)) from error
    if not is_canonical(event.body):
        raise log.broken(f"entry {event.id}", "its bytes are not canonical")
    return event


def _check_head(database: Database, frontier: Frontier) -> None:
    head = log.head(database)
    if head != frontier:
        said, true = f"{head.size:,} events, {head.root().hex()}", frontier.root().hex()
        raise log.broken("its head", f"it says {said}; the log has {frontier.size:,}, {true}")


def _check_tiles(database: Database, tree: _Tree) -> None:
    stored = {
        (level, position): hashes
        for level, position, hashes in database.rows("SELECT level, position, hashes FROM tile")
    }
    wanted: dict[tuple[int, int], bytes] = {}
    level, nodes = 1, tree.nodes
    while nodes:
        for position in range(0, len(nodes), tiles.WIDTH):
            wanted[level, position // tiles.WIDTH] = b"".join(
                nodes[position : position + tiles.WIDTH]
            )
        whole = range(0, len(nodes) - tiles.WIDTH + 1, tiles.WIDTH)
        level, nodes = level + 1, [root_of(nodes[at : at + tiles.WIDTH]) for at in whole]
    for place in sorted(stored.keys() | wanted.keys(), key=repr):
        if stored.get(place) != wanted.get(place):
            unit = tiles.WIDTH ** (place[0] + 1)
            raise log.broken(
                f"tile {place}", f"not that of the entries from e_{place[1] * unit} on"
            )


def _check_checkpoint(checkpoint: Checkpoint, tree: _Tree, which: str) -> None:
    size = tree.frontier.size
    if checkpoint.size > size:
        raise log.broken(
            f"entry e_{size}", f"{which} has {checkpoint.size:,} entries, the log only {size:,}"
        )
    root = tree.roots[checkpoint.size]
    if checkpoint.root != root:
        raise log.broken(
            f"an entry before e_{checkpoint.size}",
            f"{which} has the root {checkpoint.root.hex()}, the log {root.hex()}",
        )
