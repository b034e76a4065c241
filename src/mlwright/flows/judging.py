"""What a build records about its sealed test rows: windows, looks and verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.checks.judge import judge
from mlwright.checks.records import Rule, Verdict
from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.records import dump, load
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.values import EvaluationValues
from mlwright.flows.question import Question
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.scoring.latency import measure
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load as load_scorer


def earlier_window(workspace: Workspace, snapshot: Snapshot, question: Question) -> Split | None:
    """Return the split by time that an earlier run made, from which the window moves forward.

    Data that was split before is split from the same window as then, so that running it again
    changes nothing.
    """
    if question.roles.time is None:
        return None
    wanted = _window_purpose(question)
    newest: Digest | None = None
    for event in workspace.ledger.events(kind="split.made"):
        if event.facts["window"] != wanted:
            continue
        if event.facts["data"] == snapshot.id:
            before = event.facts["before"]
            newest = None if before is None else Digest(str(before))
            break
        newest = Digest(str(event.facts["split"]))
    return None if newest is None else load(Split, workspace.store.get(newest))


def record_window(
    workspace: Workspace,
    run: str,
    snapshot: Snapshot,
    question: Question,
    before: Split | None,
    split: Split,
) -> None:
    """Record a split by time once for each data version."""
    wanted = _window_purpose(question)
    if split.time is None or any(
        event.facts["window"] == wanted and event.facts["data"] == snapshot.id
        for event in workspace.ledger.events(kind="split.made")
    ):
        return
    digest = workspace.store.put(dump(split))
    earlier = None if before is None else workspace.store.put(dump(before))
    facts = {"window": wanted, "data": snapshot.id, "split": digest, "before": earlier}
    objects = (digest,) if earlier is None else (digest, earlier)
    workspace.ledger.append(
        [NewEvent("split.made", run, facts, uses=(snapshot.id,), objects=objects)]
    )


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


def judge_model(
    workspace: Workspace,
    run: str,
    rules: Sequence[Rule],
    package: ModelPackage,
    evaluation: Evaluation,
) -> tuple[Verdict, ...]:
    """Judge a model by every rule and record each verdict, bound to the model's id."""
    timed = measure(load_scorer(package, workspace.store), workspace.seam)
    verdicts = judge(rules, EvaluationValues(evaluation, {"latency_p99": timed.p99}), package.id)
    workspace.ledger.append([_judged(verdict, package.id, run) for verdict in verdicts])
    return verdicts


def _judged(verdict: Verdict, model: str, run: str) -> NewEvent:
    facts = {
        "name": verdict.name,
        "rule": verdict.rule,
        "outcome": verdict.outcome.value,
        "value": verdict.value,
        "low": verdict.low,
        "high": verdict.high,
        "why": verdict.why,
        "model": model,
        "run": run,
    }
    return NewEvent("check.judged", verdict.id, facts, uses=(model, run))


def _window_purpose(question: Question) -> Digest:
    return digest_of((question.goal.target, question.roles), tag="mlwright/window/1")
