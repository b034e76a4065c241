"""The promise every store of objects keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mlwright.core.digest import Digest


class Store(Protocol):
    """Bytes, named by their digest: put once, verified on each read, never changed."""

    def put(self, content: bytes) -> Digest:
        """Keep ``content`` and return its name; on return it survives a crash."""

    def get(self, digest: Digest) -> bytes:
        """Return the bytes behind ``digest``, verified.

        Raises
        ------
        NotFoundError
            ``object-missing`` when there is no such object.
        BrokenError
            ``object-corrupt`` when the bytes are no longer what was put. They are moved out of
            the way, into quarantine, and never deleted.
        """

    def held(self, digest: Digest) -> Path | bytes:
        """Return where the bytes behind ``digest`` lie, for a reader that takes pieces of them.

        A file whose bytes were verified when it was first asked for and since it last changed,
        or the bytes themselves. Raises as :meth:`get` does.
        """

    def has(self, digest: Digest) -> bool:
        """Tell whether there is an object of that name; its bytes are not read."""

    def digests(self) -> Iterator[Digest]:
        """Give the name of every object, in order."""

    def read_only(self) -> Store:
        """Return the same objects, seen without ever changing anything.

        Such a view names a corrupt object and leaves it where it lies; it refuses ``put`` with
        ``store-read-only``.
        """
