"""The plan of a build: recorded for data, spec and kind of machine, or probed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.errors import NotFoundError
from mlwright.core.records import dump, load
from mlwright.data.records import Snapshot
from mlwright.flows import stages
from mlwright.flows.foreseeing import Foreseen
from mlwright.flows.own_steps import learnt, ruled
from mlwright.flows.owning import algorithms
from mlwright.flows.question import Question
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.run.environments.record import machine_class
from mlwright.scoring.records import OwnSteps
from mlwright.train.owning import with_own
from mlwright.train.plan import probe
from mlwright.train.records import OwnModel, Plan
from mlwright.train.settings import SearchSettings, SpaceSettings

_OWN_SHARE = 0.5
"""The share of the budget that is spent on models of the user's own, where there are any."""


def recorded_plan(
    workspace: Workspace,
    snapshot: Snapshot,
    question: Question,
    own: tuple[OwnModel, ...] = (),
    steps: OwnSteps | None = None,
) -> Plan | None:
    """Return the newest plan made for this data, this question, this code and kind of machine."""
    purpose = _purpose(workspace, snapshot, question, own, steps)
    for event in workspace.ledger.events(kind="plan.made", newest_first=True):
        if event.facts["purpose"] == purpose:
            return load(Plan, workspace.store.get(Digest(str(event.facts["plan"]))))
    return None


def plan_of_run(workspace: Workspace, run: str) -> Plan:
    """Return the plan a run carried out.

    Raises
    ------
    NotFoundError
        ``plan-unknown`` when ``run`` is not the start of exactly one run's id.
    """
    found = workspace.ledger.resolve(run) if run.startswith("r_") else ()
    if len(found) != 1:
        raise NotFoundError(
            "plan-unknown",
            f"{run!r} is no run whose plan could be carried out",
            fix="mlw ls runs lists them: --plan r_…",
            facts={"plan": run},
            looked=[f"the {workspace.ledger.size:,} events of this project's ledger"],
        )
    started = next(iter(workspace.ledger.events(subject=found[0])))
    inputs = cast("Mapping[str, str]", started.facts["inputs"])
    return load(Plan, workspace.store.get(Digest(inputs["plan"])))


def make_plan(
    workspace: Workspace,
    snapshot: Snapshot,
    question: Question,
    foreseen: Foreseen,
    own: tuple[OwnModel, ...] = (),
    steps: OwnSteps | None = None,
) -> Plan:
    """Probe the machine on this data, turn the budget into work and record the plan."""
    search = workspace.settings.section(SearchSettings)
    split, made = foreseen.split, None
    read_from = (workspace.store, foreseen.tables)
    if steps is not None:
        made = stages.own_features(
            steps, snapshot, split, question.goal, question.roles, question.rule, *read_from
        )
    drop = ruled(question.rule, made).drop
    seen = learnt(made, snapshot, split, *read_from, *stages.SEEN)
    share = search.budget * (_OWN_SHARE if own else 0.0)
    plan = probe(
        seen,
        foreseen.task,
        split,
        replace(search, budget=search.budget - share, models=algorithms(search.models)),
        drop,
        machine=machine_class(),
        seam=workspace.seam,
    )
    plan = with_own(
        replace(plan, budget_seconds=search.budget),
        own,
        seen,
        foreseen.task,
        drop,
        space=workspace.settings.section(SpaceSettings).lines,
        tries=search.tries,
        budget=share,
        seam=workspace.seam,
        sampler=search.sampler,
    )
    digest = workspace.store.put(dump(plan))
    facts = {
        "plan": digest,
        "purpose": _purpose(workspace, snapshot, question, own, steps),
        "machine": plan.machine,
    }
    workspace.ledger.append(
        [NewEvent("plan.made", snapshot.id, facts, uses=(snapshot.id,), objects=(digest,))]
    )
    return plan


def _purpose(
    workspace: Workspace,
    snapshot: Snapshot,
    question: Question,
    own: tuple[OwnModel, ...],
    steps: OwnSteps | None,
) -> Digest:
    space = workspace.settings.section(SpaceSettings).lines
    tried = [(e.name, e.blueprint, e.code, dict(e.distributions)) for e in own]
    return digest_of(
        (
            snapshot.digest,
            question.goal,
            question.roles,
            question.rule,
            workspace.settings.section(SearchSettings),
            machine_class(),
            *((tried, dict(space)) if tried else ()),
            *((("steps", steps.digest),) if steps is not None else ()),
        ),
        tag="mlwright/plan/1",
    )
