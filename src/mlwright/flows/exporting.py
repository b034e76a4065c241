"""A data version handed out: any version, by its id or by a model's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlwright.core.digest import digest_file
from mlwright.core.ids import Noun, noun_of
from mlwright.data.delta import content_to_be
from mlwright.data.export import DELTA, Exported, export
from mlwright.flows.handed import record_export
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.registry.versions import find


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A data version and what it was written to."""

    data: str
    written: Exported


def export_data(ref: str, out: Path, workspace: Workspace) -> HandedOut:
    """Write the rows of a data version, or of the one a model was trained on, in row-id order.

    Raises
    ------
    NotFoundError
        ``id-unknown`` or ``model-unknown``.
    UsageError
        ``export-format``, ``export-exists`` or ``extra-missing``.
    """
    data = (
        resolve(ref, workspace.ledger)
        if noun_of(ref) is Noun.DATA
        else find(workspace.ledger, ref).data
    )
    snapshot = snapshot_of(data, workspace)
    written = export(snapshot, workspace.store, out)
    # A Delta table holds the time it was written at, and random names: its rows are what counts.
    digest = (
        content_to_be(snapshot, workspace.store)
        if written.format == DELTA
        else digest_file(written.path)
    )
    record_export(workspace, data, written, digest)
    return HandedOut(data, written)
