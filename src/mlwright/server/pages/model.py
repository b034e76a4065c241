"""Model: one version in plain words, judged beside its baselines, back to where it came from."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.data.promises import values_told
from mlwright.flows.slowness import slow_words
from mlwright.govern.card import in_words, interpretable, metric_chart
from mlwright.server.control import Control
from mlwright.server.lineage import lineage
from mlwright.server.records import Page


def model(request: Request, control: Control) -> Page:
    """Return the page of a name (its newest version), ``name@version`` or model id."""
    found = control.project.dossier(request.path_params["ref"])
    version = found.version
    taken = {column.name for column in found.package.signature.inputs}
    return Page(
        "model.html",
        "page/model",
        version.ref,
        {
            "ref": version.ref,
            "summary": in_words(version, found.package, found.evaluation, found.verdicts),
            "version": version,
            "task": found.package.task,
            "configuration": found.package.configuration,
            "slow": slow_words(found.package, control.project.workspace.store),
            "features": [f for f in found.package.contract.features if f.name in taken],
            "dropped": found.package.preparation.dropped,
            "evaluation": found.evaluation,
            "findings": found.findings,
            "cost": found.cost,
            "decisions": found.decisions,
            "verdicts": found.verdicts,
            "search": found.search,
            "roles": found.roles,
            "changes": found.changes[::-1],
            "proofs": found.proofs,
            "siblings": found.siblings,
            "why": found.why,
        },
        {
            "promises": {f.name: values_told(f) for f in found.package.contract.features},
            "told": found.told,
            "chart": metric_chart(version, found.evaluation),
            "interpretable": interpretable(found.search),
            "graph": lineage(found.why, name=version.ref),
        },
    )
