"""Writing a model's report, and the list of rows behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.files import write_durably
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import parts
from mlwright.data.table import read
from mlwright.flows.dossier import dossier
from mlwright.flows.handed import record_report
from mlwright.flows.outputs import step_output
from mlwright.flows.workspace import Workspace
from mlwright.govern.report import render
from mlwright.govern.why import resolve
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find


def report_html(workspace: Workspace, version: ModelVersion) -> str:
    """Return the report of a version as one HTML document."""
    found = dossier(version.ref, workspace)
    return render(
        version,
        found.package,
        found.search,
        found.evaluation,
        found.verdicts,
        found.why,
        found.told,
        found.decisions,
    )


def write_report(workspace: Workspace, version: ModelVersion, out: Path | None) -> Path:
    """Write the report of a version as one HTML file, record that and return its path."""
    path = (out or workspace.state / "reports" / f"{version.ref}.html").absolute()
    log = workspace.ledger.size
    content = report_html(workspace, version).encode()
    write_durably(path, content)
    record_report(workspace, version, path.name, content, log)
    return path


def write_rows(workspace: Workspace, ref: str, out: Path) -> int:
    """Write the row id and the part of every row behind a model or run; return how many."""
    run = (
        resolve(ref, workspace.ledger)
        if noun_of(ref) is Noun.RUN
        else find(workspace.ledger, ref).run
    )
    started = next(iter(workspace.ledger.events(kind="run.started", subject=run)))
    inputs = cast("Mapping[str, str]", started.facts["inputs"])
    snapshot = (
        load(Snapshot, workspace.store.get(Digest(inputs["snapshot"])))
        if "snapshot" in inputs
        else step_output(run, "snapshot", Snapshot, workspace)
    )
    split = step_output(run, "split", Split, workspace)
    table = read(snapshot, workspace.store, order_by=split.time)
    names = [part.value for part in (Part.TRAIN, Part.VALIDATION, Part.TEST)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row_id", "part"))
    writer.writerows(zip(table.row_ids, (names[p] for p in parts(table, split)), strict=True))
    target = out.absolute()
    write_durably(target, text.getvalue().encode())
    return len(table.row_ids)
