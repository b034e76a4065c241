"""What was found of a model version: by the run that made it, and by later evaluations."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.core.digest import Digest
from mlwright.flows.findings.catalogue import FINDINGS
from mlwright.flows.workspace import Workspace
from mlwright.govern.told import Told
from mlwright.registry.records import ModelVersion
from mlwright.run.artefacts import unpack

EVALUATED = "model.evaluated"
"""A later evaluation of a model: its facts name the run that carried it out."""


def findings_of(version: ModelVersion, workspace: Workspace) -> Mapping[str, object]:
    """Return each finding's newest record, in the order findings are told."""
    ledger = workspace.ledger
    runs = [version.run]
    runs += [str(e.facts["run"]) for e in ledger.events(kind=EVALUATED, subject=version.model)]
    found: dict[str, object] = {}
    names = {each.name for each in FINDINGS}
    for run in runs:
        for event in ledger.events(kind="step.finished", subject=run):
            name = str(event.facts["step"])
            if name in names:
                kind, output = str(event.facts["kind"]), str(event.facts["output"])
                found[name] = unpack(kind, workspace.store.get(Digest(output)))
    return {each.name: found[each.name] for each in FINDINGS if each.name in found}


def words(found: Mapping[str, object]) -> tuple[Told, ...]:
    """Return findings in words and tables."""
    return tuple(each.told(found[each.name]) for each in FINDINGS if each.name in found)
