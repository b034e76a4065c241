"""The record of a file that was written out: its bytes by their digest, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlwright import __version__
from mlwright.core.digest import Digest, digest_bytes
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import ModelVersion

if TYPE_CHECKING:
    from mlwright.data.export import Exported

REPORT, EXPORT = "report.written", "data.exported"
"""The kinds of event that tell of a file that was written out."""


def record_report(
    workspace: Workspace, version: ModelVersion, name: str, content: bytes, log: int
) -> None:
    """Record that a report was written, as the log stood at a size, where that can be recorded."""
    facts = {"ref": version.ref, "name": name, "digest": digest_bytes(content), "log": log}
    _record(workspace, REPORT, version.model, facts)


def record_export(workspace: Workspace, data: str, written: Exported, digest: Digest) -> None:
    """Record that a data version was written out, where that can be recorded."""
    facts = {"name": written.path.name, "digest": digest, "format": written.format}
    _record(workspace, EXPORT, data, facts)


def _record(workspace: Workspace, kind: str, subject: str, facts: Mapping[str, object]) -> None:
    if workspace.ledger.writable:
        workspace.ledger.append([NewEvent(kind, subject, {**facts, "mlwright": __version__})])
