"""What is told of a model without a target before anything is fitted."""

from __future__ import annotations

from mlwright.core.errors import UsageError
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.values import scales
from mlwright.flows import stages as with_target
from mlwright.flows.foreseeing import Foreseen, rules_told_apart
from mlwright.flows.question import Question, check_columns
from mlwright.flows.tables import Tables, part_of
from mlwright.flows.unsupervised import stages
from mlwright.flows.workspace import Workspace
from mlwright.run.environments.record import machine_class
from mlwright.train.records import Plan
from mlwright.train.settings import SearchSettings
from mlwright.train.unsupervised.fit import prepared
from mlwright.train.unsupervised.plan import plan_of


def foresee(
    workspace: Workspace, raw: Snapshot, question: Question, before: Split | None
) -> Foreseen:
    """Return the split and the task, after refusing what no model could be made of.

    Raises
    ------
    DataError
        ``rows-too-few`` and ``features-none``.
    UsageError
        ``answer-name`` for a column that is called as the answer is; what is wrong with a rule.
    """
    tables = Tables()
    split = stages.split(raw, question.roles, before, workspace.store)
    snapshot = raw
    if question.repair is not None:
        snapshot = with_target.repaired(raw, split, question.repair, workspace.store).snapshot
    check_columns(question, snapshot)
    task = stages.task(question.goal)
    names = [column.name for column in snapshot.columns]
    if task.target in names and task.target not in question.rule.drop:
        raise UsageError(
            "answer-name",
            f"the table has a column {task.target!r}, and so is the answer called",
            fix=f"leave it out, --drop {task.target}, or call it otherwise in the source",
            facts={"column": task.target},
        )
    seen = part_of(snapshot, split, workspace.store, tables, *with_target.SEEN)
    prepared(seen, plan_for(workspace, split, question), question.rule.drop)
    kind = task.kind.value
    measured = scales(kind, task.metric, ())
    of_model, of_table = rules_told_apart(question.checks, names, measured, kind)
    return Foreseen(split, snapshot, task, tables, of_model, of_table)


def plan_for(workspace: Workspace, split: Split, question: Question) -> Plan:
    """Return the work to be done: it does not depend on the machine."""
    kind = stages.task(question.goal).kind
    settings = workspace.settings.section(SearchSettings)
    return plan_of(kind, split, settings, machine_class())
