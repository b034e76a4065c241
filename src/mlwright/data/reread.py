"""Compute a snapshot's id again from its stored fragments, for a proof."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import row_digests
from mlwright.data.fragments import frame_of
from mlwright.data.identity import table_digest
from mlwright.data.records import Snapshot
from mlwright.data.table import ids_of
from mlwright.store.protocol import Store


def reread(snapshot: Snapshot, store: Store) -> tuple[str, Digest]:
    """Return the id and digest the fragments have now, from their values alone.

    Ids that rows kept from an earlier table are read: nothing else in the rows tells them.
    """
    names = [column.name for column in snapshot.columns]
    found = {each: row_digests(frame_of(each, names, store)) for each in snapshot.fragments}
    computed = snapshot.key is None and not any(each.row_ids for each in snapshot.fragments)
    ids = None if computed else ids_of(snapshot, store, digests=found.__getitem__)
    raw = b"".join(found[each] for each in snapshot.fragments)
    digest = table_digest(snapshot.columns, ids, raw)
    return content_id(Noun.DATA, digest), digest
