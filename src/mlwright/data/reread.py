"""Compute a snapshot's id again from its stored fragments, for a proof."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.data.records import Snapshot
from mlwright.data.snapshot import identify
from mlwright.data.table import unordered
from mlwright.store.protocol import Store


def reread(snapshot: Snapshot, store: Store) -> tuple[str, Digest]:
    """Return the id and digest the fragments have now, from their values alone."""
    identifier, digest, _ = identify(unordered(snapshot, store), snapshot.columns, snapshot.key)
    return identifier, digest
