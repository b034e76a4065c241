"""A call to try: a model's own signature, filled with a row it was built on."""

from __future__ import annotations

import json
import shlex

from mlwright.core.records import load
from mlwright.flows.workspace import Workspace
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage, Probe


def curl_line(workspace: Workspace, ref: str, url: str) -> str:
    """Return a line for a shell that asks a model about a real row, the fullest of its probe."""
    row = json.dumps(example_row(workspace, ref), ensure_ascii=False)
    return f"curl {url} -H 'content-type: application/json' -d {shlex.quote(row)}"


def example_row(workspace: Workspace, ref: str) -> dict[str, object]:
    """Return a real row as a request holds it."""
    store = workspace.store
    package = load(ModelPackage, store.get(find(workspace.ledger, ref).package))
    probe = load(Probe, store.get(package.probe))
    fullest = max(probe.rows, key=lambda row: sum(cell is not None for cell in row), default=())
    names = [column.name for column in probe.inputs]
    return {name: cell for name, cell in zip(names, fullest, strict=False) if cell is not None}
