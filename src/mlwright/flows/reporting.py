"""Writing a model's report, and the list of rows behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import Digest
from mlwright.core.files import write_durably
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import parts
from mlwright.data.table import read
from mlwright.evaluate.records import Evaluation
from mlwright.flows.showing import step_output
from mlwright.flows.workspace import Workspace
from mlwright.govern.report import render
from mlwright.govern.why import resolve, why
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import SearchResult


def report_html(workspace: Workspace, version: ModelVersion) -> str:
    """Return the report of a version as one HTML document."""
    return render(
        version,
        load(ModelPackage, workspace.store.get(version.package)),
        step_output(version.run, "search", SearchResult, workspace),
        load(Evaluation, workspace.store.get(version.evaluation)),
        tuple(_verdict(check, workspace) for check in version.checks),
        why(version.ref, workspace.ledger, workspace.store),
    )


def write_report(workspace: Workspace, version: ModelVersion, out: Path | None) -> Path:
    """Write the report of a version as one HTML file and return its path."""
    path = (out or workspace.state / "reports" / f"{version.ref}.html").absolute()
    write_durably(path, report_html(workspace, version).encode())
    return path


def _verdict(check: str, workspace: Workspace) -> Verdict:
    events = workspace.ledger.events(kind="check.judged", subject=check, newest_first=True, limit=1)
    facts = next(iter(events)).facts
    return Verdict(
        id=check,
        rule=str(facts["rule"]),
        name=str(facts["name"]),
        subject=str(facts["model"]),
        outcome=Outcome(str(facts["outcome"])),
        value=cast("float | None", facts["value"]),
        low=cast("float | None", facts["low"]),
        high=cast("float | None", facts["high"]),
        why=str(facts["why"]),
    )


def write_rows(workspace: Workspace, ref: str, out: Path) -> int:
    """Write the row id and the part of every row behind a model or run; return how many."""
    run = (
        resolve(ref, workspace.ledger)
        if noun_of(ref) is Noun.RUN
        else find(workspace.ledger, ref).run
    )
    started = next(iter(workspace.ledger.events(kind="run.started", subject=run)))
    inputs = cast("Mapping[str, str]", started.facts["inputs"])
    snapshot = load(Snapshot, workspace.store.get(Digest(inputs["snapshot"])))
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
