"""What one run leaves: objects in the store, and events that name them in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlwright.core.digest import Digest
from mlwright.core.records import dump
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.run.code.sources import Sources, read_sources
from mlwright.run.points import Batch
from mlwright.run.tracking.events import points_event
from mlwright.store.protocol import Store


class Recording:
    """The record of one run. Events wait for the next ``append``, which makes them durable."""

    def __init__(self, store: Store, ledger: Ledger, run: str) -> None:
        self.run = run
        self._store = store
        self._ledger = ledger
        self._waiting: list[NewEvent] = []
        self._there: set[Digest] = set()
        self._sources: dict[tuple[str, ...], tuple[Sources, Digest | None]] = {}

    def put(self, content: bytes, digest: Digest | None = None) -> Digest:
        """Keep bytes and return their name; those of a known name are kept once."""
        if digest is not None and digest in self._there:
            return digest
        digest = self._store.put(content)
        self._there.add(digest)
        return digest

    def know(self, digests: Iterable[Digest]) -> None:
        """Note objects that are in the store already."""
        self._there.update(digests)

    def sources(self, modules: tuple[str, ...]) -> tuple[Sources, Digest | None]:
        """Return the text of modules, and the object it is kept in where there is any."""
        if modules not in self._sources:
            found = read_sources(modules)
            self._sources[modules] = found, self.put(dump(found)) if found.modules else None
        return self._sources[modules]

    def hold(
        self,
        kind: str,
        facts: Mapping[str, object],
        objects: Iterable[Digest] = (),
        uses: tuple[str, ...] = (),
    ) -> None:
        """Have an event recorded with the next that are."""
        named = tuple(dict.fromkeys(objects))
        self._waiting.append(NewEvent(kind, self.run, facts, uses=uses, objects=named))

    def hold_points(self, batch: Batch) -> None:
        """Have numbers recorded with the next events, if there are any."""
        event = points_event(self.run, batch, self._store.put)
        if event is not None:
            self._waiting.append(event)

    def append(self) -> None:
        """Record what was held: on return it survives a crash."""
        self._ledger.append(self._waiting)
        self._waiting = []
