"""A store over another: reads fall through, writes stay on top."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from pathlib import Path

from mlwright.core.digest import Digest
from mlwright.store import refusals
from mlwright.store.protocol import Store


class OverlayStore:
    """What a proof works in: it sees the store it proves and can never write to it.

    Parameters
    ----------
    base
        The store to read from, used through its read-only view.
    top
        Takes every write.

    Attributes
    ----------
    reads_from_base : set of Digest
        Every object that ``base`` gave, so that a proof can show what it rests on.
    """

    def __init__(self, base: Store, top: Store) -> None:
        self.reads_from_base: set[Digest] = set()
        self._base = base.read_only()
        self._top = top
        self._writable = True

    def put(self, content: bytes) -> Digest:
        """Keep ``content`` on top, also when the base has it: what was made shows as made."""
        if not self._writable:
            raise refusals.read_only("the overlay")
        return self._top.put(content)

    def get(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``, from the top if they are there, verified."""
        if self._top.has(digest):
            return self._top.get(digest)
        content = self._base.get(digest)
        self.reads_from_base.add(digest)
        return content

    def held(self, digest: Digest) -> Path | bytes:
        """Return where the bytes lie: on top if they are there."""
        if self._top.has(digest):
            return self._top.held(digest)
        found = self._base.held(digest)
        self.reads_from_base.add(digest)
        return found

    def has(self, digest: Digest) -> bool:
        """Tell whether the top or the base has an object of that name."""
        return self._top.has(digest) or self._base.has(digest)

    def digests(self) -> Iterator[Digest]:
        """Give the name of every object of both, each once, in order."""
        last: Digest | None = None
        for digest in merge(self._base.digests(), self._top.digests()):
            if digest != last:
                yield digest
            last = digest

    def read_only(self) -> OverlayStore:
        """Return the same objects, seen without ever changing anything."""
        view = OverlayStore(self._base, self._top.read_only())
        view.reads_from_base, view._writable = self.reads_from_base, False
        return view
