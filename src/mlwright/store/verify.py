"""Read every object of a store and tell which are not what they say."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError
from mlwright.store.protocol import Store
from mlwright.store.records import StoreReport


def verify(store: Store) -> StoreReport:
    """Return what reading every object of ``store`` shows; nothing in it is changed."""
    view = store.read_only()
    objects = size = 0
    corrupt: list[Digest] = []
    for digest in view.digests():
        objects += 1
        try:
            size += len(view.get(digest))
        except BrokenError:
            corrupt.append(digest)
    return StoreReport(objects=objects, bytes=size, corrupt=tuple(corrupt))
