"""From a source to a snapshot the ledger knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.core.errors import UsageError
from mlwright.core.records import dump, load
from mlwright.data.ingest import ingest
from mlwright.data.records import Column, Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent

_BY_CONTENT = "digest of the row"


@dataclass(frozen=True, slots=True)
class Added:
    """A table that was read: its version, where it came from, whether its rows were known."""

    snapshot: Snapshot
    source: Source
    new: bool


def add(workspace: Workspace, data: DataSettings) -> Added:
    """Read a table into a data version, without training.

    Raises
    ------
    MlwrightError
        Whatever is wrong with the source, by code; nothing is recorded then.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    known = {event.subject for event in workspace.ledger.events(kind="data.ingested")}
    snapshot, source = ingest_source(workspace, data)
    return Added(snapshot, source, snapshot.id not in known)


def ingest_source(workspace: Workspace, data: DataSettings) -> tuple[Snapshot, Source]:
    """Read the spec's source into a snapshot; the objects are durable before the event names them.

    Raises
    ------
    UsageError
        ``source-unnamed`` when no table is named anywhere.
    """
    if data.source is None:
        raise UsageError(
            "source-unnamed",
            "no table: what is to be learnt from?",
            fix='give a file: mlw run FILE --target COLUMN, or write source = "FILE" under [data]',
            looked=["the argument SOURCE", "MLWRIGHT_DATA_SOURCE", "data.source in mlwright.toml"],
        )
    known = {event.subject for event in workspace.ledger.events(kind="data.ingested")}
    path = (workspace.folder / data.source).resolve()
    snapshot, source = ingest(
        path,
        data,
        store=workspace.store,
        known=lambda identifier: (
            snapshot_of(identifier, workspace) if identifier in known else None
        ),
        parent=lambda columns: latest_like(columns, data.key, str(path), workspace),
    )
    if not _read_before(workspace, snapshot, source):
        workspace.ledger.append([_ingested(workspace, snapshot, source)])
    return snapshot, source


def latest_like(
    columns: Sequence[Column], key: str | None, address: str, workspace: Workspace
) -> Snapshot | None:
    """Return the newest data version with these columns and this key, of this source if any is."""
    named = f"column {key}" if key else _BY_CONTENT
    events = [
        event
        for event in workspace.ledger.events(kind="data.ingested")
        if (event.facts["columns"], event.facts["row_ids"]) == (len(columns), named)
    ]
    newest_first = sorted(reversed(events), key=lambda event: event.facts["address"] != address)
    for identifier in dict.fromkeys(event.subject for event in newest_first):
        snapshot = snapshot_of(identifier, workspace)
        if snapshot.columns == tuple(columns):
            return snapshot
    return None


def snapshot_of(identifier: str, workspace: Workspace) -> Snapshot:
    """Return the manifest of a data version."""
    event = next(iter(workspace.ledger.events(kind="data.ingested", subject=identifier)))
    return load(Snapshot, workspace.store.get(Digest(str(event.facts["manifest"]))))


def _read_before(workspace: Workspace, snapshot: Snapshot, source: Source) -> bool:
    return any(
        (event.facts["address"], event.facts["content"]) == (source.address, source.content)
        for event in workspace.ledger.events(kind="data.ingested", subject=snapshot.id)
    )


def _ingested(workspace: Workspace, snapshot: Snapshot, source: Source) -> NewEvent:
    manifest = workspace.store.put(dump(snapshot))
    facts = {
        "digest": snapshot.digest,
        "manifest": manifest,
        "rows": snapshot.rows,
        "columns": len(snapshot.columns),
        "row_ids": f"column {snapshot.key}" if snapshot.key else _BY_CONTENT,
        "address": source.address,
        "format": source.format,
        "content": source.content,
        "size": source.size,
    }
    fragments = [name for fragment in snapshot.fragments for name in fragment.objects]
    return NewEvent("data.ingested", snapshot.id, facts, objects=(manifest, *fragments))
