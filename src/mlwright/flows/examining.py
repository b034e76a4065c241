"""Whether a project is well: its log, its objects, its projections, its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.errors import BrokenError
from mlwright.flows.workspace import Workspace
from mlwright.ledger.verify import verify as verify_log
from mlwright.store.verify import verify as verify_objects


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, whether it is well, and what was found."""

    what: str
    well: bool
    found: str


def examine(workspace: Workspace, *, rebuild: bool) -> tuple[Finding, ...]:
    """Look at everything that can be verified; with ``rebuild`` make the projections again."""
    findings = [_log(workspace), _objects(workspace), _named(workspace)]
    if workspace.records.exists():
        findings.append(_records(workspace))
    if rebuild:
        report = workspace.ledger.rebuild()
        rows = ", ".join(f"{name} {count:,}" for name, (count, _) in report.tables.items())
        found = f"equal to what was there ({rows})" if report.equal else f"replaced ({rows})"
        findings.append(Finding("projections rebuilt from the events", report.equal, found))
    return tuple(findings)


def _log(workspace: Workspace) -> Finding:
    try:
        report = verify_log(workspace.ledger)
    except BrokenError as error:
        return Finding("log", False, error.message)
    return Finding("log", True, f"{report.size:,} events, root {report.root.hex()[:16]}")


def _objects(workspace: Workspace) -> Finding:
    report = verify_objects(workspace.store)
    if report.corrupt:
        names = ", ".join(report.corrupt[:3])
        return Finding("objects", False, f"{len(report.corrupt)} corrupt: {names}")
    return Finding("objects", True, f"{report.objects:,} objects, {report.bytes:,} bytes")


def _named(workspace: Workspace) -> Finding:
    missing = [d for d in workspace.ledger.objects() if not workspace.store.has(d)]
    if missing:
        names = ", ".join(missing[:3])
        return Finding("objects named by events", False, f"{len(missing)} missing: {names}")
    return Finding("objects named by events", True, "all present")


def _records(workspace: Workspace) -> Finding:
    from mlwright.flows.recording import open_segments, verify_segments  # tables take long

    try:
        audited = verify_segments(workspace)
    except BrokenError as error:
        return Finding("records", False, error.message)
    written, waiting = open_segments(workspace)
    found = [f"{len(audited.named):,} sealed segments with {audited.records:,} records and labels"]
    if written:
        found.append(f"{written:,} open, written by a worker")
    if waiting:
        found.append(f"{waiting:,} not sealed yet, which mlw serve does")
    return Finding("records", True, "; ".join(found))
