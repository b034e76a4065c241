"""What is told before anything is trained: the split, the task, and whether a model can be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlwright.checks.grammar import term_text
from mlwright.checks.records import Rule, Scale
from mlwright.checks.sense import require_known, require_sense
from mlwright.core.errors import DataError, UsageError
from mlwright.data.digests import columns_of
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.values import require_task, scales
from mlwright.features.prepare import unusable
from mlwright.features.settings import FeatureSettings
from mlwright.flows import stages
from mlwright.flows.findings.catalogue import scales_of, wanted
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.question import Question, check_columns
from mlwright.flows.tables import Tables, part_of
from mlwright.flows.workspace import Workspace
from mlwright.train.records import Task
from mlwright.train.target import labelled

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The split and the task of a build to come, and the table they were told from.

    ``snapshot`` is that table: repaired, where the question has steps. The checks are ``of_model``
    or ``of_table``: about a value of the model, or about a column. ``findings`` are those to be
    carried out.
    """

    split: Split
    snapshot: Snapshot
    task: Task
    tables: Tables = field(default_factory=Tables)
    of_model: tuple[Rule, ...] = ()
    of_table: tuple[Rule, ...] = ()
    findings: tuple[Finding, ...] = ()


def foresee(
    workspace: Workspace, raw: Snapshot, question: Question, before: Split | None
) -> Foreseen:
    """Return the split and the task, after refusing what no training could make good.

    Raises
    ------
    DataError
        ``features-none``; ``repair-…`` for a step that cannot be carried out; what the task cannot
        be told from.
    UsageError
        ``check-task``, ``check-unknown-value``, ``check-unit`` and ``check-range`` for a rule.
    """
    tables = Tables()
    split = stages.split(raw, question.goal, question.roles, before, workspace.store)
    snapshot = raw
    if question.repair is not None:
        snapshot = stages.repaired(raw, split, question.repair, workspace.store).snapshot
    check_columns(question, snapshot)
    task = stages.task(snapshot, split, question.goal, workspace.store, tables)
    foreseen = Foreseen(split, snapshot, task, tables)
    _require_features(workspace, snapshot, question, foreseen)
    kind = task.kind.value
    _require_remedy(task)
    names = tuple(column.name for column in snapshot.columns)
    scope = Scope(kind, task.metric, names, question.judgement.fairness, bool(task.costs))
    measured = {**scales_of(scope), **scales(kind, task.metric, scope.fairness)}
    of_model, of_table = rules_told_apart(question.checks, names, measured, kind)
    return replace(foreseen, of_model=of_model, of_table=of_table, findings=wanted(scope, of_model))


def rules_told_apart(
    rules: Sequence[Rule], names: Sequence[str], measured: Mapping[str, Scale], task: str
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules about a model and those about a column, once each makes sense.

    Parameters
    ----------
    names
        The table's columns.
    measured
        What can be measured of a model of this task, by term.

    Raises
    ------
    UsageError
        ``check-task``, ``check-unknown-value``, ``check-unit`` and ``check-range``.
    """
    of_columns = (*names, *(f"null({name})" for name in names))
    of_table = tuple(
        rule
        for rule in rules
        if term_text(rule.term) in of_columns and term_text(rule.term) not in measured
    )
    of_model = tuple(rule for rule in rules if rule not in of_table)
    require_task(of_model, task)
    for rule in of_model:
        require_known(rule, (*measured, *of_columns))
    require_sense(of_model, measured)
    return of_model, of_table


def _require_remedy(task: Task) -> None:
    if task.evening is None or len(task.classes) == 2:
        return
    raise UsageError(
        "remedy-task",
        f"fairness.remedy is {task.evening.how!r}, which is for two classes, and this task is"
        f" {task.kind.value}",
        fix='leave it out, or write remedy = "none" under [fairness]',
        facts={"remedy": task.evening.how, "task": task.kind.value},
    )


def _require_features(
    workspace: Workspace, snapshot: Snapshot, question: Question, foreseen: Foreseen
) -> None:
    split, task = foreseen.split, foreseen.task
    seen = part_of(snapshot, split, workspace.store, foreseen.tables, *stages.SEEN)
    frame = labelled(seen, task.target).frame
    columns = [column for column in columns_of(frame) if column.name != task.target]
    theirs = workspace.own_steps or workspace.settings.section(FeatureSettings).steps
    if theirs and any(column.name not in question.rule.drop for column in columns):
        return  # steps may make features of what is none
    reasons = unusable(frame, columns, question.rule.drop, time=split.time)
    if columns and not reasons:
        return
    why = "it is the table's only column" if not columns else "none of the others can be a feature"
    raise DataError(
        "features-none",
        f"there is nothing to predict {task.target!r} from: {why}",
        fix="give a table with columns that tell something of the target, or drop fewer",
        facts={"target": task.target, "columns": dict(reasons)},
        looked=[f"column {name!r}: {reason}" for name, reason in reasons.items()][:_MOST_NAMED],
    )
