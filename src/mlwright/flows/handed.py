"""The record of a file that was written out: its bytes by their digest, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlwright import __version__
from mlwright.core.digest import digest_bytes, digest_file
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import ModelVersion

REPORT, EXPORT = "report.written", "data.exported"
"""The kinds of event that tell of a file that was written out."""


def record_report(
    workspace: Workspace, version: ModelVersion, name: str, content: bytes, log: int
) -> None:
    """Record that a report was written, as the log stood at a size, where that can be recorded."""
    facts = {"ref": version.ref, "name": name, "digest": digest_bytes(content), "log": log}
    _record(workspace, REPORT, version.model, facts)


def record_export(workspace: Workspace, data: str, path: Path, form: str) -> None:
    """Record that a data version was written to a file, where that can be recorded."""
    facts = {"name": path.name, "digest": digest_file(path), "format": form}
    _record(workspace, EXPORT, data, facts)


def _record(workspace: Workspace, kind: str, subject: str, facts: Mapping[str, object]) -> None:
    if workspace.ledger.writable:
        workspace.ledger.append([NewEvent(kind, subject, {**facts, "mlwright": __version__})])
