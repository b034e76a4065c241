"""Everything known of one model version, gathered once for the report and for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.records import load
from mlwright.evaluate.records import Evaluation
from mlwright.flows.costs import cost_of
from mlwright.flows.decisions import decisions
from mlwright.flows.findings.kept import findings_of, words
from mlwright.flows.outputs import step_output
from mlwright.flows.workspace import Workspace
from mlwright.govern import cost as costs
from mlwright.govern import pareto
from mlwright.govern.cost import Cost
from mlwright.govern.records import Why
from mlwright.govern.told import Told
from mlwright.govern.why import why
from mlwright.ledger.records import Event
from mlwright.registry.records import ModelVersion, RoleChange
from mlwright.registry.roles import changes
from mlwright.registry.versions import find, versions
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import Decision, SearchResult


@dataclass(frozen=True, slots=True)
class PastProof:
    """One time that something was done again and compared."""

    subject: str
    verdict: str
    why: str
    seconds: float
    time: str
    actor: str
    event: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """A model version with what it is, how it was judged, where it serves and who proved it.

    ``findings`` are the records of what was found beside the evaluation, by name, and ``cost`` what
    was measured of its making and its answers; ``decisions`` are the automatic choices of its run.
    ``roles`` are those it holds now, ``changes`` every move of its endpoint, oldest first,
    ``proofs`` newest first, ``siblings`` all versions of its name.
    """

    version: ModelVersion
    package: ModelPackage
    search: SearchResult
    evaluation: Evaluation
    findings: Mapping[str, object]
    cost: Cost
    decisions: tuple[Decision, ...]
    verdicts: tuple[Verdict, ...]
    roles: tuple[str, ...]
    changes: tuple[RoleChange, ...]
    proofs: tuple[PastProof, ...]
    siblings: tuple[str, ...]
    why: Why

    @property
    def told(self) -> tuple[Told, ...]:
        """What was found, and what it costs, in words and tables."""
        priced = pareto.told(self.search)
        return (
            *words(self.findings),
            costs.told(self.cost),
            *([] if priced is None else [priced]),
        )


def dossier(ref: str, workspace: Workspace) -> Dossier:
    """Return everything known of the version behind a name, ``name@version`` or id."""
    ledger, store = workspace.ledger, workspace.store
    version = find(ledger, ref)
    package = load(ModelPackage, store.get(version.package))
    return Dossier(
        version=version,
        package=package,
        search=step_output(version.run, "search", SearchResult, workspace),
        evaluation=load(Evaluation, store.get(version.evaluation)),
        findings=findings_of(version, workspace),
        cost=cost_of(version, package, workspace),
        decisions=decisions(version.run, workspace),
        verdicts=tuple(_verdict(check, workspace) for check in version.checks),
        roles=tuple(r.role for r in ledger.roles(version.name) if r.ref == version.ref),
        changes=changes(ledger, version.name),
        proofs=past_proofs(version.model, workspace),
        siblings=tuple(v.ref for v in versions(ledger, version.name)),
        why=why(version.ref, ledger, store),
    )


def past_proofs(subject: str, workspace: Workspace) -> tuple[PastProof, ...]:
    """Return the recorded proofs of an id, newest first."""
    events = workspace.ledger.events(kind="proof.made", subject=subject, newest_first=True)
    return tuple(_past_proof(event) for event in events if "step" not in event.facts)


def _past_proof(event: Event) -> PastProof:
    facts = event.facts
    return PastProof(
        subject=event.subject,
        verdict=str(facts["verdict"]),
        why=str(facts["why"]),
        seconds=cast("float", facts["seconds"]),
        time=event.time,
        actor=event.actor,
        event=event.id,
    )


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
        waiver=cast("str | None", facts.get("waiver")),
    )
