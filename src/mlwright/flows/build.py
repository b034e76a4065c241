"""Build a model: from a source and a question to a registered, judged version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from mlwright.core.records import dump
from mlwright.data.leaks.records import LeakReport
from mlwright.data.records import Profile, Split
from mlwright.data.repair.records import Repaired
from mlwright.data.settings import DataSettings
from mlwright.evaluate.records import Evaluation
from mlwright.flows import stages
from mlwright.flows.contracting import outgrown, record_contract, terms_of
from mlwright.flows.costs import used_event
from mlwright.flows.environments import keep_environment
from mlwright.flows.foreseeing import foresee
from mlwright.flows.ingesting import ingest_source
from mlwright.flows.joining import joins_behind, of_version
from mlwright.flows.judging import count_look, judge_model, judge_table
from mlwright.flows.leak_gates import judge_leaks
from mlwright.flows.outcome import outcome
from mlwright.flows.own_checks import own_checks
from mlwright.flows.own_steps import own_steps
from mlwright.flows.owning import own_models
from mlwright.flows.planning import make_plan, plan_of_run, recorded_plan
from mlwright.flows.question import ask, check_columns
from mlwright.flows.records import Build
from mlwright.flows.repairing import record_repair
from mlwright.flows.splitting import record_split, split_before
from mlwright.flows.unfinished import Unfinished
from mlwright.flows.unsupervised import foreseeing as without_target
from mlwright.flows.unsupervised.stages import ALL as WITHOUT_TARGET
from mlwright.flows.workspace import Workspace
from mlwright.registry.versions import register
from mlwright.run.energy import metering
from mlwright.run.engine import Runner, StepReport
from mlwright.run.keyed import Heard
from mlwright.run.settings import RunSettings
from mlwright.run.usage import usage
from mlwright.scoring.records import ModelPackage
from mlwright.train.memory import Forgetful
from mlwright.train.progress import Progress
from mlwright.train.records import SearchResult, Task


class Listener(Protocol):
    """Hears of each finished stage, with the record it gave."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Hear that a stage finished, and whether its output was kept from an earlier run."""


def build(
    workspace: Workspace,
    *,
    rules: Sequence[str],
    plan_from: str | None,
    replan: bool,
    new_contract: bool = False,
    listener: Listener,
    progress: Progress,
    command: str,
) -> Build:
    """Ingest, split, search, fit, judge, check and register; what was done before is kept.

    Parameters
    ----------
    rules
        Checks beside those of the spec.
    plan_from
        A run whose recorded plan is carried out instead of one made here.
    replan
        Probe the machine again.
    new_contract
        Infer the contract again instead of keeping what was agreed for this name.

    Raises
    ------
    MlwrightError
        Each stage's own coded errors; nothing is registered then.
    """
    clock = workspace.seam.elapsed
    at_first = usage(workspace.seam)
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    question = ask(workspace.settings, rules)
    checks = own_checks(workspace, rules)
    own = () if plan_from is not None else own_models(workspace)
    steps_given = own_steps(workspace)

    began = clock()
    raw, source = ingest_source(workspace, workspace.settings.section(DataSettings))
    question = of_version(question, raw, workspace)
    joins = joins_behind(raw, workspace)
    if question.repair is None:  # a repair may make what the question asks for
        check_columns(question, raw)
    listener.finished("data", (raw, source), clock() - began, cached=False)

    began = clock()
    before = split_before(workspace, raw, question)
    unasked = question.without_target
    look_ahead = without_target.foresee if unasked else foresee
    foreseen = look_ahead(workspace, raw, question, before)
    snapshot = foreseen.snapshot
    plan = (
        plan_of_run(workspace, plan_from)
        if plan_from is not None
        else without_target.plan_for(workspace, foreseen.split, question)
        if unasked
        else None
        if replan
        else recorded_plan(workspace, snapshot, question, own, steps_given)
    )
    planned_before = plan is not None
    plan = plan or make_plan(workspace, snapshot, question, foreseen, own, steps_given)
    listener.finished("plan", plan, clock() - began, cached=planned_before)
    agreed = terms_of(workspace, snapshot, question, anew=new_contract)
    promised = [line.rule for line in question.lines if line.rule is not None]
    of_table = judge_table(workspace, snapshot, (*promised, *foreseen.of_table))

    seconds: dict[str, float] = {}
    cached: list[str] = []

    def on_step(report: StepReport) -> None:
        seconds[report.step] = report.seconds
        if report.cached:
            cached.append(report.step)
        listener.finished(report.step, report.value, report.seconds, cached=report.cached)

    table = {"repair": question.repair} if question.repair else {"snapshot": snapshot}
    inputs = {
        **({"joins": joins} if joins is not None else {}),
        "raw": raw,
        **table,
        "goal": question.goal,
        "roles": question.roles,
        "rule": question.rule,
        "judgement": question.judgement,
        "before": before,
        "plan": plan,
        "terms": agreed.terms,
        **({"own_steps": steps_given} if steps_given is not None else {}),
        **{
            name: value
            for finding in foreseen.findings
            for name, value in finding.inputs(workspace.settings).items()
        },
    }
    # What of the user's code does not show may have changed: nothing is kept for it.
    seen_through = not any(each.unseen for each in plan.own) and not (
        steps_given is not None and any(each.unseen for each in steps_given.steps)
    )
    memory = Unfinished(workspace.state / "unfinished")
    resources = {
        "store": workspace.store,
        "tables": foreseen.tables,
        "progress": progress,
        "memory": memory if seen_through else Forgetful(),
        "sink": Heard(),
    }
    runner = Runner(
        workspace.store, workspace.ledger, workspace.seam, cache=seen_through, on_step=on_step
    )
    settings = {origin.key: origin.text for origin in workspace.settings.origins()}
    run = runner.start(command, inputs=inputs, config=settings)
    energy = workspace.settings.section(RunSettings).energy
    with metering(energy) as meter, runner.recording():
        steps = [
            *(WITHOUT_TARGET if unasked else stages.ALL),
            *(stages.REPAIR if question.repair else ()),
            *(stages.OWN_STEPS if steps_given is not None else ()),
            *(finding.step for finding in foreseen.findings),
            *(each.step for each in checks),
        ]
        made = runner.execute(steps, inputs=inputs, resources=resources)
        package = cast("ModelPackage", made["model"])
        evaluation = cast("Evaluation", made["evaluation"])
        split = cast("Split", made["split"])

        record_split(workspace, run, raw, question, before, split)
        repaired = cast("Repaired | None", made.get("repaired"))
        if repaired is not None:
            record_repair(workspace, repaired, run)
        contract = record_contract(workspace, run, question, snapshot, agreed, package.contract)
        looks = count_look(
            workspace, run, question, split, package, judged_now="evaluation" not in cached
        )
        report = cast("LeakReport", made.get("leaks", LeakReport((), ())))
        found = {each.name: made[each.name] for each in foreseen.findings}
        of_own = [
            each.verdict(made[each.step.name], model=package.id, data=snapshot.id)
            for each in checks
        ]
        verdicts = judge_model(
            workspace,
            run,
            foreseen.of_model,
            package,
            evaluation,
            [each.values(found[each.name]) for each in foreseen.findings],
            of_own=of_own,
            of_table=of_table,
            of_leaks=judge_leaks(question.leaks, report, question.waivers, package.id),
            report=report,
        )
        version = register(
            workspace.ledger,
            name=question.name,
            package=package,
            package_object=workspace.store.put(dump(package)),
            evaluation_object=workspace.store.put(dump(evaluation)),
            run=run,
            data=snapshot.id,
            verdicts=verdicts,
        )
        keep_environment(run, workspace)
        workspace.ledger.append([used_event(run, at_first, meter, workspace)])
        said = outcome(package, evaluation, workspace.seam)
        runner.finish("finished", {"model": version.model, "ref": version.ref, **said})
        memory.clear()
    return Build(
        run=run,
        snapshot=raw,
        repaired=repaired,
        source=source,
        task=cast("Task", made["task"]),
        plan=plan,
        plan_digest=workspace.store.put(dump(plan)),
        search=cast("SearchResult", made["search"]),
        package=package,
        evaluation=evaluation,
        findings=found,
        leaks=report,
        verdicts=verdicts,
        version=version,
        looks=looks,
        seconds=seconds,
        cached=tuple(cached),
        contract=contract,
        outgrown=outgrown(
            package.contract,
            cast("Profile", made["profile"]),
            question.goal.target,
            [key for key, _ in question.stated],
        ),
    )
