"""A store that notes what a step puts into it, so that the step's event can name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlwright.core.digest import Digest
from mlwright.store.protocol import Store


class NotingStore:
    """The store a step works with: everything goes through, and puts are noted in order.

    An object no event names is garbage that may be swept; and a kept output is worth nothing
    once the objects it speaks of are gone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.noted: dict[Digest, None] = {}

    def put(self, content: bytes) -> Digest:
        """Keep ``content``, note its name and return it."""
        digest = self._store.put(content)
        self.noted[digest] = None
        return digest

    def get(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``, verified."""
        return self._store.get(digest)

    def held(self, digest: Digest) -> Path | bytes:
        """Return where the bytes behind ``digest`` lie, verified."""
        return self._store.held(digest)

    def has(self, digest: Digest) -> bool:
        """Tell whether there is an object of that name."""
        return self._store.has(digest)

    def digests(self) -> Iterator[Digest]:
        """Give the name of every object, in order."""
        return self._store.digests()

    def read_only(self) -> Store:
        """Return the same objects, seen without ever changing anything."""
        return self._store.read_only()
