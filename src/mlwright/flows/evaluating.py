"""A model looked into further: every finding that applies, judged by the rules it is under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mlwright.checks.grammar import parse, render, term_text
from mlwright.checks.own import is_own
from mlwright.checks.records import Outcome, Rule, Verdict
from mlwright.checks.sense import require_sense
from mlwright.core.errors import UsageError, nearest
from mlwright.core.records import load
from mlwright.data.records import Snapshot
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.values import scales
from mlwright.flows import stages
from mlwright.flows.build import Listener
from mlwright.flows.findings.catalogue import applying, scales_of
from mlwright.flows.findings.kept import EVALUATED, findings_of
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.judging import judge_values, judged_event
from mlwright.flows.known import Known
from mlwright.flows.own_checks import own_checks
from mlwright.flows.question import model_rules
from mlwright.flows.records import Judgement
from mlwright.flows.tables import Tables
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.run.engine import Runner, StepReport
from mlwright.run.steps.graph import AnyStep
from mlwright.scoring.records import ModelPackage
from mlwright.train.progress import Progress
from mlwright.train.records import Task
from mlwright.train.settings import WITHOUT_TARGET, QuestionSettings

_RESOURCES = ("store", "tables", "progress")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a further evaluation found: the records by name, and the verdicts."""

    version: ModelVersion
    run: str
    findings: Mapping[str, object]
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(verdict.outcome is Outcome.FAIL for verdict in self.verdicts)


def evaluate(
    workspace: Workspace,
    ref: str,
    *,
    rules: Sequence[str],
    only: Sequence[str],
    listener: Listener,
    progress: Progress,
) -> Evaluated:
    """Carry out the findings of a model version as a run of its own; what is known is kept.

    Parameters
    ----------
    rules
        Checks beside those of the spec and those the version was judged by; checks of the user's
        own among them.
    only
        Names of findings; all that apply to the task without any, and the user's own checks that
        the spec names. What a given rule is about is found too; what others are about is taken
        from what was found before.

    Raises
    ------
    NotFoundError
        ``model-unknown``.
    UsageError
        ``finding-unknown``; ``check-syntax`` and what else can be wrong with a rule, or with a
        check of the user's own.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    version = find(workspace.ledger, ref)
    known = Known(version.run, workspace)
    scope = _scope(known)
    given = _given(scope, rules)
    own = own_checks(workspace, rules, of_spec=not only and _is_specs(known, workspace))
    findings = _chosen(applying(scope), only, given, scope)
    kept = findings_of(version, workspace)
    measuring = [each for each in applying(scope) if each in findings or each.name in kept]
    held = _rules(version, scope, measuring, given, workspace)
    steps: list[AnyStep] = [
        *(finding.step for finding in findings),
        *(each.step for each in own),
    ]
    if not known.has("unseen") and scope.task not in WITHOUT_TARGET:
        steps.insert(0, stages.unseen)  # a version of before answers were a step of their own
    inputs = dict(chain.from_iterable(each.inputs(workspace.settings).items() for each in findings))
    made_here = {each.name for each in steps}
    for name in dict.fromkeys(p.name for each in steps for p in each.parameters):
        if name not in (*_RESOURCES, *made_here, *inputs) and known.has(name):
            inputs[name] = known.value(name)

    def on_step(report: StepReport) -> None:
        listener.finished(report.step, report.value, report.seconds, cached=report.cached)

    runner = Runner(workspace.store, workspace.ledger, workspace.seam, on_step=on_step)
    settings = {origin.key: origin.text for origin in workspace.settings.origins()}
    run = runner.start("eval", inputs=inputs, config=settings)
    with runner.recording():
        resources = {"store": workspace.store, "tables": Tables(), "progress": progress}
        made = runner.execute(steps, resources=resources)
        found = {each.name: made[each.name] for each in findings}
        records = {**kept, **found}
        of_model = judge_values(
            workspace,
            held,
            load(ModelPackage, workspace.store.get(version.package)),
            load(Evaluation, workspace.store.get(version.evaluation)),
            [each.values(records[each.name]) for each in measuring],
        )
        data = known.of("snapshot", Snapshot).id
        of_own = [
            each.verdict(made[each.step.name], model=version.model, data=data) for each in own
        ]
        verdicts = (*of_model, *of_own)
        checks = tuple(verdict.id for verdict in verdicts)
        failed = [verdict.id for verdict in verdicts if verdict.outcome is Outcome.FAIL]
        facts = {"ref": version.ref, "run": run, "checks": list(checks), "failed": failed}
        workspace.ledger.append(
            [
                *(judged_event(verdict, version.model, run) for verdict in verdicts),
                NewEvent(EVALUATED, version.model, facts, uses=(run, *checks)),
            ]
        )
        runner.finish("finished", {"model": version.model, "ref": version.ref})
    return Evaluated(version, run, found, verdicts)


def _scope(known: Known) -> Scope:
    """Return what the findings' terms depend on."""
    task, snapshot = known.of("task", Task), known.of("snapshot", Snapshot)
    columns = tuple(column.name for column in snapshot.columns)
    judged = known.of("judgement", Judgement) if known.has("judgement") else Judgement(())
    return Scope(task.kind.value, task.metric, columns, judged.fairness, bool(task.costs))


def _is_specs(known: Known, workspace: Workspace) -> bool:
    """Tell whether the spec speaks of models of this target."""
    target = workspace.settings.section(QuestionSettings).target
    return target is None or target == known.of("task", Task).target


def _given(scope: Scope, rules: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules that were given, once they make sense for the model."""
    given = tuple(parse(text) for text in rules if not is_own(text))
    of_metrics = scales(scope.task, scope.metric, scope.fairness)
    require_sense(given, {**scales_of(scope), **of_metrics})
    return given


def _chosen(
    findings: Sequence[Finding], only: Sequence[str], given: Sequence[Rule], scope: Scope
) -> tuple[Finding, ...]:
    known = [each.name for each in findings]
    for name in only:
        if name not in known:
            near = nearest(name, known)
            raise UsageError(
                "finding-unknown",
                f"no finding of this model is named {name!r}"
                + (f"; did you mean {near!r}?" if near else ""),
                fix=f"use {near}" if near else "use one of those named below",
                facts={"finding": name, "nearest": near},
                looked=known,
            )
    terms = {term_text(rule.term) for rule in given}
    return tuple(
        each
        for each in findings
        if not only or each.name in only or not terms.isdisjoint(each.scales(scope))
    )


def _rules(
    version: ModelVersion,
    scope: Scope,
    measuring: Sequence[Finding],
    given: Sequence[Rule],
    workspace: Workspace,
) -> tuple[Rule, ...]:
    """Return the rules about the model: those given, of the spec, and it was judged by before."""
    measured = {*scales(scope.task, scope.metric, scope.fairness)}
    measured |= {term for each in measuring for term in each.scales(scope)}
    written = [
        str(next(iter(workspace.ledger.events(subject=check))).facts["rule"])
        for check in version.checks
    ]
    before = [parse(rule) for rule in written if not is_own(rule)]
    spec = model_rules(workspace.settings)
    about = [rule for rule in (*spec, *before) if term_text(rule.term) in measured]
    # A rule of the spec takes the place of one of its name that was judged by before.
    names = {rule.name for rule in spec}
    kept = [rule for rule in about if rule in spec or rule.name not in names]
    return tuple({render(rule): rule for rule in (*kept, *given)}.values())
