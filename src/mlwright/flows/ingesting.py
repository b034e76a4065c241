"""From a source to a snapshot the ledger knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import dump, load
from mlwright.data.appending import append
from mlwright.data.ingest import ingest, read_source, source_of
from mlwright.data.records import Column, Kind, Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.data.sources.address import absolute, is_table_name
from mlwright.data.sources.frames import address_of
from mlwright.flows.data_events import data_event
from mlwright.flows.step_tables import step_named, table_of_step
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.versions import find

_BY_CONTENT = "digest of the row"


@dataclass(frozen=True, slots=True)
class Added:
    """A table that was read: its version, where it came from, whether its rows were known."""

    snapshot: Snapshot
    source: Source
    new: bool


def add(workspace: Workspace, data: DataSettings, *, to: str | None = None) -> Added:
    """Read a table into a data version, without training.

    Parameters
    ----------
    to
        What its rows are added to: a data version; or a model's data or what was last read from
        a source, each with all rows that were added to it before.

    Raises
    ------
    MlwrightError
        Whatever is wrong with the source, by code; nothing is recorded then.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    known = {event.subject for event in workspace.ledger.events(kind="data.ingested")}
    if to is None:
        snapshot, source = ingest_source(workspace, data)
    else:
        snapshot, source = _appended(workspace, data, to)
    return Added(snapshot, source, snapshot.id not in known)


def _appended(workspace: Workspace, data: DataSettings, to: str) -> tuple[Snapshot, Source]:
    parent = snapshot_of(_version(workspace, to), workspace)
    place = _place(workspace, data)
    data = reading_of(place, data, workspace)
    texts = [column.name for column in parent.columns if column.kind is Kind.STRING]
    table = read_source(place, data, texts, outside=workspace.outside)
    snapshot = append(
        parent,
        table,
        key=data.key,
        store=workspace.store,
        known=_known(workspace),
    )
    source = source_of(place, table, data, snapshot)
    event = _ingested(workspace, snapshot, source)
    facts = {**event.facts, "appended_to": parent.id}
    workspace.ledger.append([replace(event, facts=facts)])
    return snapshot, source


def _version(workspace: Workspace, named: str) -> str:
    """Return the data version that an id names, or what a source or a model's data became."""
    if noun_of(named) is Noun.DATA:
        return resolve(named, workspace.ledger)
    address = absolute(named, workspace.folder)
    events = list(workspace.ledger.events(kind="data.ingested"))
    read = [place for place, event in enumerate(events) if event.facts["address"] == address]
    # A table that rows were added to is not itself read from this source, but began there.
    read = [place for place in read if "appended_to" not in events[place].facts]
    if read:
        return _grown(events[read[-1]].subject, events[read[-1] :])
    if is_table_name(named):
        raise NotFoundError(
            "source-missing",
            f"no table was read from {address}",
            fix="mlw data ls lists what was read; name a version (d_…), a model or a source",
            facts={"path": address, "nearest": None},
            looked=["every data version of this project"],
        )
    try:
        return _grown(find(workspace.ledger, named).data, events)
    except NotFoundError as error:
        error.looked = (f"the tables read from {address}", *error.looked)
        raise


def ingest_source(workspace: Workspace, data: DataSettings) -> tuple[Snapshot, Source]:
    """Read the spec's source into a snapshot; the objects are durable before the event names them.

    Raises
    ------
    UsageError
        ``source-unnamed`` when no table is named anywhere.
    """
    stored = _stored(workspace, data)
    if stored is not None:
        return stored
    step = step_named(data.source, workspace)
    if step is not None:
        return _ingest_step(*step, workspace, data)
    place = _place(workspace, data)
    data = reading_of(place, data, workspace)
    snapshot, source = ingest(
        place,
        data,
        store=workspace.store,
        known=_known(workspace),
        parent=lambda columns: latest_like(columns, data.key, place, workspace),
        outside=workspace.outside,
    )
    if not _read_before(workspace, snapshot, source):
        workspace.ledger.append([_ingested(workspace, snapshot, source)])
    return snapshot, source


def _ingest_step(
    run: str, step: str, workspace: Workspace, data: DataSettings
) -> tuple[Snapshot, Source]:
    """Read the table that a step made; its event names the run, so the way back goes on there."""
    frame = table_of_step(run, step, workspace)
    snapshot, source = ingest(
        address_of(frame),
        data,
        store=workspace.store,
        known=_known(workspace),
        outside=replace(workspace.outside, frame=frame),
    )
    source = replace(source, address=f"{run}/{step}", format="step")
    if not _read_before(workspace, snapshot, source):
        event = _ingested(workspace, snapshot, source)
        workspace.ledger.append([replace(event, uses=(run,))])
    return snapshot, source


def reading_of(place: str, data: DataSettings, workspace: Workspace) -> DataSettings:
    """Return how a source is read: a query or a sheet of the spec is about its own source alone."""
    origins = {each.key: each.origin for each in workspace.settings.origins()}
    own = workspace.settings.section(DataSettings).source
    given = own is None or origins["data.source"] == "flag"
    if not given and absolute(str(own), workspace.folder) == place:
        return data
    return replace(
        data,
        query=data.query if origins["data.query"] == "flag" else None,
        sheet=data.sheet if origins["data.sheet"] == "flag" else None,
    )


def _stored(workspace: Workspace, data: DataSettings) -> tuple[Snapshot, Source] | None:
    """Return the data version that the source names by its id; None where it names a table."""
    named = PurePath(data.source or "").name
    if noun_of(named) is not Noun.DATA or Path(absolute(named, workspace.folder)).exists():
        return None
    snapshot = snapshot_of(resolve(named, workspace.ledger), workspace)
    return snapshot, Source(snapshot.id, "data version", snapshot.digest, None, None)


def _place(workspace: Workspace, data: DataSettings) -> str:
    if data.source is None:
        raise UsageError(
            "source-unnamed",
            "no table: what is to be learnt from?",
            fix='give a file: mlw run FILE --target COLUMN, or write source = "FILE" under [data]',
            looked=["the argument SOURCE", "MLWRIGHT_DATA_SOURCE", "data.source in mlwright.toml"],
        )
    return absolute(data.source, workspace.folder)


def _grown(data: str, events: Sequence[Event]) -> str:
    """Return the version that a version is after all rows that were added to it since."""
    for event in events:
        if event.facts.get("appended_to") == data:
            data = event.subject
    return data


def _known(workspace: Workspace) -> Callable[[str], Snapshot | None]:
    """Return the way from the id of a version that was read before to its manifest."""
    known = {event.subject for event in workspace.ledger.events(kind="data.ingested")}
    return lambda identifier: snapshot_of(identifier, workspace) if identifier in known else None


def latest_like(
    columns: Sequence[Column], key: str | None, address: str, workspace: Workspace
) -> Snapshot | None:
    """Return the newest data version with these columns and this key, of this source if any is."""
    named = f"column {key}" if key else _BY_CONTENT
    events = [
        event
        for event in workspace.ledger.events(kind="data.ingested", newest_first=True)
        if (event.facts["columns"], event.facts["row_ids"]) == (len(columns), named)
    ]
    newest_first = sorted(events, key=lambda event: event.facts["address"] != address)
    for identifier in dict.fromkeys(event.subject for event in newest_first):
        snapshot = snapshot_of(identifier, workspace)
        if snapshot.columns == tuple(columns):
            return snapshot
    return None


def snapshot_of(identifier: str, workspace: Workspace) -> Snapshot:
    """Return the manifest of a data version, however it came to be."""
    event = data_event(identifier, workspace.ledger)
    return load(Snapshot, workspace.store.get(Digest(str(event.facts["manifest"]))))


def _read_before(workspace: Workspace, snapshot: Snapshot, source: Source) -> bool:
    wanted = (source.address, source.content, source.query)
    return any(
        (event.facts["address"], event.facts["content"], event.facts.get("query")) == wanted
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
        "schema": source.schema,
    }
    if source.query is not None:
        facts["query"] = source.query
    if source.files is not None:
        facts["files"] = source.files
    fragments = [name for fragment in snapshot.fragments for name in fragment.objects]
    return NewEvent("data.ingested", snapshot.id, facts, objects=(manifest, *fragments))
