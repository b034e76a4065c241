"""What a build records about its judgement: looks at the sealed test rows, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.checks.judge import Values, judge
from mlwright.checks.named import Together
from mlwright.checks.records import Rule, Verdict
from mlwright.core.encoding import digest_of
from mlwright.data.leaks.records import LeakReport
from mlwright.data.records import Snapshot, Split
from mlwright.data.table import unordered
from mlwright.data.verdicts import hold
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.values import LATENCY, EvaluationValues
from mlwright.flows.costs import timed_event
from mlwright.flows.leak_gates import waived_event
from mlwright.flows.question import Question
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.scoring.latency import measure
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load as load_scorer


def count_look(
    workspace: Workspace,
    run: str,
    question: Question,
    split: Split,
    package: ModelPackage,
    *,
    judged_now: bool,
) -> int:
    """Return how many models were ever judged on these sealed test rows, this one included.

    A judgement that was kept, or is done again for a proof, is no look.
    """
    scope = digest_of(
        (question.goal.target, question.roles, split.test_start), tag="mlwright/looks/1"
    )
    looked = {
        e.subject for e in workspace.ledger.events(kind="test.looked") if e.facts["scope"] == scope
    }
    if judged_now and split.method != "nested" and package.id not in looked:
        workspace.ledger.append(
            [NewEvent("test.looked", package.id, {"scope": scope}, uses=(run,))]
        )
        looked.add(package.id)
    return len(looked)


def judge_table(
    workspace: Workspace, snapshot: Snapshot, rules: Sequence[Rule]
) -> tuple[Verdict, ...]:
    """Judge every row of a data version, sealed ones among them: nothing is learnt from it.

    Raises
    ------
    UsageError
        ``check-kind``, ``check-unit`` and ``check-range``.
    """
    if not rules:
        return ()
    columns = list(dict.fromkeys(rule.term.name for rule in rules))
    return hold(rules, unordered(snapshot, workspace.store, columns), snapshot.id)


def judge_model(
    workspace: Workspace,
    run: str,
    rules: Sequence[Rule],
    package: ModelPackage,
    evaluation: Evaluation,
    beside: Sequence[Values],
    *,
    of_own: Sequence[Verdict],
    of_table: Sequence[Verdict],
    of_leaks: Sequence[Verdict],
    report: LeakReport,
) -> tuple[Verdict, ...]:
    """Judge a model by every rule and record each verdict, bound to the model's id.

    ``beside`` is what the findings measured beside the evaluation, ``of_own`` what checks of the
    user's own said. The verdicts ``of_table`` are bound to the data it was made of, and recorded
    beside them; of those ``of_leaks`` that a person answered for, who and why is recorded too.
    """
    of_model = judge_values(workspace, rules, package, evaluation, beside)
    verdicts = (*of_model, *of_own, *of_leaks, *of_table)
    waived = [
        waived_event(verdict, report, package.id, run)
        for verdict in of_leaks
        if verdict.waiver is not None
    ]
    judged = [judged_event(verdict, package.id, run) for verdict in verdicts]
    workspace.ledger.append([*judged, *waived])
    return verdicts


def judge_values(
    workspace: Workspace,
    rules: Sequence[Rule],
    package: ModelPackage,
    evaluation: Evaluation,
    beside: Sequence[Values],
) -> tuple[Verdict, ...]:
    """Judge what was measured of a model; how long a row takes is measured now."""
    timed = measure(load_scorer(package, workspace.store), workspace.seam)
    workspace.ledger.append([timed_event(package.id, timed)])
    values = Together((EvaluationValues(evaluation, {LATENCY: timed.p99}), *beside))
    return judge(rules, values, package.id)


def judged_event(verdict: Verdict, model: str, run: str) -> NewEvent:
    """Return the event that records a verdict on a model, or on the data it was made of."""
    facts = {
        "name": verdict.name,
        "rule": verdict.rule,
        "outcome": verdict.outcome.value,
        "value": verdict.value,
        "low": verdict.low,
        "high": verdict.high,
        "why": verdict.why,
        **({"waiver": verdict.waiver} if verdict.waiver is not None else {}),
        "model": model,
        "run": run,
    }
    if verdict.subject == model:
        return NewEvent("check.judged", verdict.id, facts, uses=(model, run))
    facts["data"] = verdict.subject
    return NewEvent("check.judged", verdict.id, facts, uses=(model, run, verdict.subject))
