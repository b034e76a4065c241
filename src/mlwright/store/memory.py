"""Objects in memory, for tests and for what a proof makes."""

from __future__ import annotations

from collections.abc import Iterator

from mlwright.core.digest import Digest, digest_bytes
from mlwright.store import refusals

_WHERE = "memory"


class MemoryStore:
    """A store that ends with its process.

    ``objects`` and ``quarantine`` are open to tests, which spoil bytes to see them found.
    """

    def __init__(self) -> None:
        self.objects: dict[Digest, bytes] = {}
        self.quarantine: list[tuple[Digest, bytes]] = []
        self._writable = True

    def put(self, content: bytes) -> Digest:
        """Keep ``content`` and return its name."""
        if not self._writable:
            raise refusals.read_only(_WHERE)
        digest = digest_bytes(content)
        found = self.objects.setdefault(digest, bytes(content))
        if found != content:
            self.quarantine.append((digest, found))
            self.objects[digest] = bytes(content)
        return digest

    def get(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``, verified; corrupt ones go to quarantine first."""
        content = self.objects.get(digest)
        if content is None:
            raise refusals.missing(digest, [_WHERE])
        if digest_bytes(content) != digest:
            if self._writable:
                self.quarantine.append((digest, self.objects.pop(digest)))
            raise refusals.corrupt(digest, content, _WHERE)
        return content

    def held(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``: there is no file."""
        return self.get(digest)

    def has(self, digest: Digest) -> bool:
        """Tell whether there is an object of that name."""
        return digest in self.objects

    def digests(self) -> Iterator[Digest]:
        """Give the name of every object, in order."""
        yield from sorted(self.objects)

    def read_only(self) -> MemoryStore:
        """Return the same objects, seen without ever changing anything."""
        view = MemoryStore()
        view.objects, view.quarantine, view._writable = self.objects, self.quarantine, False
        return view
