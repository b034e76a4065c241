"""The ledger: append facts, read them back, look up what they project to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mlwright.core.digest import Digest
from mlwright.core.ids import Noun
from mlwright.core.merkle import Frontier, consistency_proof, inclusion_proof
from mlwright.core.seam import Seam
from mlwright.ledger import log, lookups, opening, projections, tiles
from mlwright.ledger.body import Draft, draft
from mlwright.ledger.checkpoint import Checkpoint, parse_key, seal, sealed_note
from mlwright.ledger.database import Database
from mlwright.ledger.group import Group
from mlwright.ledger.records import (
    Event,
    NewEvent,
    RebuildReport,
    RoleRow,
    StepRow,
    VersionRow,
)

if TYPE_CHECKING:
    from mlwright.ledger.keys import SigningKey

_STORED = "SELECT note FROM checkpoint WHERE size = ?"
_COVERING = "SELECT note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT 1"


class Ledger:
    """An append-only log of events, with look-ups made from them.

    Several threads and processes may use one ledger at once. Get one from :meth:`open` or
    :meth:`in_memory` and close it, best as a context manager.
    """

    def __init__(self, database: Database, seam: Seam, key: Callable[[], SigningKey]) -> None:
        self.database = database
        self._seam = seam
        self._key = key
        self._group = Group(self._commit)
        self._lacking: Path | None = None

    @property
    def writable(self) -> bool:
        """Whether events can be recorded: not where the project's folder can only be read."""
        return self.database.writable

    def require_writable(self) -> None:
        """Refuse, before any work is done, what could not be recorded.

        Raises
        ------
        FaultError
            ``permission-denied`` where the project's folder can only be read.
        NotFoundError
            ``ledger-missing`` where there is no ledger to record it in.
        """
        self._require_here()
        self.database.require_writable()

    def require_sound(self) -> None:
        """Refuse a log whose end is broken: see :mod:`mlwright.ledger.soundness`.

        Raises
        ------
        BrokenError
            ``log-broken``, naming the entry or the part.
        """
        from mlwright.ledger.soundness import require_sound

        require_sound(self.database)

    @classmethod
    def open(cls, folder: Path, seam: Seam, *, create: bool = False) -> Ledger:
        """Return the ledger in ``folder``, making it first when ``create`` is set.

        Raises
        ------
        NotFoundError
            ``ledger-missing`` when there is none and none may be made.
        RefusedError
            ``ledger-on-network``; ``ledger-format`` when another version of mlwright wrote it.
        """

        def key() -> SigningKey:
            from mlwright.ledger.keys import read_key

            return read_key(folder / opening.KEYS)

        return cls(opening.open_database(folder, seam, create=create), seam, key)

    @classmethod
    def in_memory(cls, seam: Seam) -> Ledger:
        """Return an empty ledger that ends with its process."""
        from mlwright.ledger.keys import make_key

        key = make_key(seam)
        database = Database(None)
        with database.writing():
            opening.fill(database, key.verifier)
        return cls(database, seam, lambda: key)

    @classmethod
    def absent(cls, folder: Path, seam: Seam) -> Ledger:
        """Return the empty ledger of a folder that has none: nothing can be recorded in it."""
        ledger = cls.in_memory(seam)
        ledger.database.writable = False
        ledger._lacking = folder
        return ledger

    @classmethod
    def closed_off(cls, database: Database, seam: Seam) -> Ledger:
        """Return a ledger over tables that are filled already, to which nothing can be added."""

        def key() -> SigningKey:
            raise TypeError("a ledger that is closed off signs nothing")

        database.writable = False
        return cls(database, seam, key)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; what was appended is durable already."""
        self.database.close()

    def append(self, events: Sequence[NewEvent]) -> tuple[Event, ...]:
        """Record events in one transaction; on return they survive a crash.

        What several threads append at the same time shares one transaction and one flush.

        Raises
        ------
        FaultError
            ``disk-full`` and other faults of the machine; nothing was recorded then.
        """
        return self._group.commit(_drafts(events))

    def append_checked(self, decide: Callable[[Ledger], Sequence[NewEvent]]) -> tuple[Event, ...]:
        """Record the events that ``decide`` returns; nobody else writes while it decides.

        What ``decide`` reads from the ledger is therefore still true at the commit. When it
        raises, nothing is recorded.
        """
        self._require_here()
        with self.database.writing():
            return self._write(_drafts(decide(self)))

    def checkpoint(self) -> str:
        """Return the signed state of the log now, as a note to be kept outside.

        It is stored too; while the log does not grow, the stored one is returned.
        """
        self._require_here()
        frontier = log.head(self.database)
        for (note,) in self.database.rows(_STORED, (frontier.size,)):
            return str(note)
        with self.database.writing():
            frontier = log.head(self.database)
            for (note,) in self.database.rows(_STORED, (frontier.size,)):
                return str(note)
            key = self._key()
            if key.verifier.line() != self.public_key():
                raise log.broken("its key", f"the key in keys/ is {key.verifier.line()}")
            checkpoint = Checkpoint(key.verifier.name, frontier.size, frontier.root())
            sealed = seal(checkpoint, key.verifier, key.sign)
            self.database.run(
                "INSERT INTO checkpoint (size, note) VALUES (?, ?)", (frontier.size, sealed)
            )
        return sealed

    def covering(self, size: int) -> str | None:
        """Return the oldest stored checkpoint of at least ``size`` events, None without one."""
        self._require_here()
        return next((str(note) for (note,) in self.database.rows(_COVERING, (size,))), None)

    def signed(self, text: str) -> str:
        """Return lines of text as a note signed with the log's key.

        Raises
        ------
        ValueError
            For what could be taken for a checkpoint, or is no lines of text.
        """
        self._require_here()
        key = self._key()
        if text.startswith(f"{key.verifier.name}\n") or not text.endswith("\n") or "\n\n" in text:
            raise ValueError("a note of the log's key is lines of text, and no checkpoint")
        return sealed_note(text, key.verifier, key.sign)

    def public_key(self) -> str:
        """Return the key that checkpoints are verified with, in one line."""
        self._require_here()
        return parse_key(opening.meta(self.database)["key"]).line()

    @property
    def size(self) -> int:
        """The number of events."""
        return self._frontier().size

    @property
    def root(self) -> bytes:
        """The Merkle root over all events."""
        return self._frontier().root()

    def event(self, sequence: int) -> Event:
        """Return the event at a place of the log, verified against its leaf.

        Raises
        ------
        NotFoundError
            ``event-unknown`` when the log does not reach that far.
        """
        return log.event_at(self.database, sequence)

    def events(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        start: int = 0,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Event]:
        """Give the events from ``start`` on, of a kind, about a subject, at most ``limit``."""
        return log.events(
            self.database,
            kind=kind,
            subject=subject,
            start=start,
            newest_first=newest_first,
            limit=limit,
        )

    def root_at(self, size: int) -> bytes:
        """Return the root the log had when it held ``size`` events."""
        if not 0 <= size <= self.size:
            raise ValueError(f"the log never held {size} events yet")
        return tiles.subtree_of(self.database)(0, size)

    def inclusion(self, sequence: int, size: int) -> list[bytes]:
        """Return the path that shows an event under the root the log had at ``size``."""
        return inclusion_proof(sequence, size, tiles.subtree_of(self.database))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the path that shows the log at ``old`` is the beginning of the log at ``new``."""
        return consistency_proof(old, new, tiles.subtree_of(self.database))

    def resolve(self, prefix: str) -> tuple[str, ...]:
        """Return the ids that begin with ``prefix``; one that is an id already stands alone."""
        return lookups.resolve(self.database, prefix)

    def uses(self, identifier: str) -> tuple[str, ...]:
        """Return what an id was made from, in the order it was said."""
        return lookups.uses(self.database, identifier)

    def used_by(self, identifier: str) -> tuple[str, ...]:
        """Return what was made from an id, oldest first."""
        return lookups.used_by(self.database, identifier)

    def ids(
        self, noun: Noun, newest_first: bool = True, limit: int | None = None
    ) -> tuple[str, ...]:
        """Return the ids of a noun, by when they first appeared."""
        return lookups.ids(self.database, noun, newest_first=newest_first, limit=limit)

    def step(self, key: Digest) -> StepRow | None:
        """Return the newest finished step with a key."""
        return lookups.step(self.database, key)

    def steps_of(self, run: str) -> tuple[StepRow, ...]:
        """Return the finished steps of a run, in order."""
        return lookups.steps_of(self.database, run)

    def steps_named(self, step: str) -> tuple[StepRow, ...]:
        """Return the finished steps of a name, newest first."""
        return lookups.steps_named(self.database, step)

    def versions(self, name: str | None = None) -> tuple[VersionRow, ...]:
        """Return the versions of a name, or of all, oldest first."""
        return lookups.versions(self.database, name)

    def roles(self, endpoint: str | None = None) -> tuple[RoleRow, ...]:
        """Return who holds the roles now, of an endpoint or of all."""
        return lookups.roles(self.database, endpoint)

    def objects(self) -> tuple[Digest, ...]:
        """Return every object an event names, each once, oldest first."""
        return lookups.objects(self.database)

    def rebuild(self) -> RebuildReport:
        """Make every projection again from the events; one that differs is replaced."""
        with self.database.writing():
            self.database.run("REINDEX")
            return projections.rebuild(
                self.database,
                (list(map(log.event_of, page)) for page in log.pages(self.database)),
                replace=True,
            )

    def _require_here(self) -> None:
        if self._lacking is not None:
            raise opening.missing(self._lacking)

    def _frontier(self) -> Frontier:
        return log.head(self.database)

    def _commit(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        self._require_here()
        with self.database.writing():
            return self._write(drafts)

    def _write(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        time = self._seam.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        return log.append(self.database, drafts, time=time, actor=self._seam.actor())


def _drafts(events: Sequence[NewEvent]) -> list[Draft]:
    for event in events:
        projections.check(event)
    return [draft(event) for event in events]
