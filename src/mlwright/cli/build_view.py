"""How a build looks while it runs: one line or two a stage, in the words of its records."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from mlwright.checks.records import Outcome, Verdict
from mlwright.cli.output import Output, counted, interval, mark, number, say
from mlwright.core.ids import short
from mlwright.data.leaks.records import CHECKS, LeakReport
from mlwright.data.records import Snapshot, Source, Split
from mlwright.data.repair.records import Repaired
from mlwright.evaluate.costs import in_words
from mlwright.evaluate.records import Evaluation
from mlwright.flows.decisions import judged_by
from mlwright.flows.evaluating import Evaluated
from mlwright.flows.findings.catalogue import FINDINGS
from mlwright.flows.own_steps import steps_told
from mlwright.flows.records import Build
from mlwright.govern.card import interpretable
from mlwright.scoring.records import ModelPackage, OwnFeatures
from mlwright.train.records import Plan, SearchResult, Task
from mlwright.train.unsupervised.catalogue import UNSUPERVISED

_WIDTH = 10
_LABELS = {"own_features": "steps"}
_LONGEST_STEP = 80
_MOST_OUTGROWN = 5
_FINDINGS = {each.name: each for each in FINDINGS}


@dataclass(slots=True)
class BuildView:
    """Tells each stage of a build as it finishes; silent with ``--json`` and ``-q``."""

    output: Output

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Tell one finished stage."""
        lines = _lines(value) if stage not in _FINDINGS else [_FINDINGS[stage].told(value).summary]
        if not lines or self.output.as_json or self.output.quiet:
            return
        took = "kept" if cached else f"{seconds:.1f} s"
        first, *rest = lines
        say(f"{_label(stage)} {first}  {click.style(took, dim=True)}")
        for line in rest:
            say(f"{' ' * _WIDTH} {line}")


def _label(stage: str) -> str:
    return click.style(_LABELS.get(stage, stage).ljust(_WIDTH), bold=True)


def _lines(value: object) -> Sequence[str]:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Snapshot):
        return _snapshot(*value)
    if isinstance(value, Split):
        return _split(value)
    if isinstance(value, Repaired):
        return _repaired(value)
    if isinstance(value, OwnFeatures):
        return steps_told(value)
    if isinstance(value, Task):
        return _task(value)
    if isinstance(value, Plan):
        return _plan(value)
    if isinstance(value, SearchResult):
        return _search(value)
    if isinstance(value, ModelPackage):
        return _model(value)
    if isinstance(value, Evaluation):
        return _evaluation(value)
    if isinstance(value, LeakReport):
        return _leaks(value)
    return ()


def _snapshot(snapshot: Snapshot, source: Source) -> Sequence[str]:
    return [
        f"{short(snapshot.id)}  {counted(snapshot.rows, 'row')} x"
        f" {counted(len(snapshot.columns), 'column')}"
        f" from {source.address}",
        *(f"{r.column!r}: {r.what} ({counted(r.count, 'cell')})" for r in snapshot.readings),
    ]


def _split(split: Split) -> Sequence[str]:
    if split.method == "nested":
        rows = counted(sum(split.counts.values()), "row")
        return [f"{rows}, each judged by models that did not see it", split.why]
    counts = ", ".join(f"{count:,} {part}" for part, count in split.counts.items() if count)
    return [counts, split.why]


def _repaired(repaired: Repaired) -> Sequence[str]:
    steps = counted(len(repaired.steps), "step")
    return [
        f"{short(repaired.snapshot.id)}  {counted(repaired.snapshot.rows, 'row')}: {steps} changed"
        f" {counted(repaired.cells, 'cell')} and took {counted(repaired.taken_out, 'row')} out of"
        " training",
        *(
            f"{step.applied[:_LONGEST_STEP]}: touched nothing"
            for step, touch in zip(repaired.steps, repaired.touches, strict=True)
            if not touch.rows
        ),
    ]


def _task(task: Task) -> Sequence[str]:
    lines = [f"{task.kind.value} of {task.target!r}, judged by {task.metric}: {task.why}"]
    return [*lines, in_words(task.costs, task.classes)] if task.costs else lines


def _plan(plan: Plan) -> Sequence[str]:
    return [
        f"{counted(len(plan.configurations), 'configuration')} on at most"
        f" {counted(plan.rows, 'row')}, chosen by {judged_by(plan)},"
        f" {counted(plan.threads, 'thread')}, for a budget of {plan.budget_seconds:g} s"
    ]


def _search(search: SearchResult) -> Sequence[str]:
    by_name = {scored.configuration.name: scored for scored in search.scored}
    best = by_name[search.chosen.name]
    if best.configuration.algorithm in UNSUPERVISED:
        return [f"{search.chosen.name}: {search.decisions[-1].why}"]
    return [
        f"{search.chosen.name}: {search.metric} {number(best.validation)} on rows not trained on"
        f" (best of {len(search.scored)})",
        interpretable(search),
    ]


def _model(package: ModelPackage) -> Sequence[str]:
    return [
        f"{short(package.id)}  {counted(len(package.signature.inputs), 'input')},"
        f" {counted(len(package.preparation.outputs), 'feature')}; compiled plan equal to the last"
        f" bit on {counted(package.verified_rows, 'row')}",
        *(f"left out {column!r}: {why}" for column, why in package.preparation.dropped),
    ]


def _evaluation(evaluation: Evaluation) -> Sequence[str]:
    found = evaluation.metrics[evaluation.metric]
    beside = "; ".join(
        f"{name} {number(metrics[evaluation.metric].value)}"
        for name, metrics in evaluation.baselines.items()
    )
    return [
        f"{evaluation.metric} {interval(found.value, found.low, found.high)} on"
        f" {counted(evaluation.rows, 'row')} ({evaluation.method}); {beside}",
        f"fit: {mark(evaluation.fit.verdict.value)}. {evaluation.fit.why}",
    ]


def _leaks(report: LeakReport) -> Sequence[str]:
    asked = [each for each in report.looked if each.value is not None]
    if not report.leaks:
        return [f"none found by {counted(len(asked), 'check')}; {report.looked[0].why}"]
    lines = [f"{counted(len(report.leaks), 'leak')} found"]
    for leak in report.leaks:
        of = leak.check if leak.column is None else f"{leak.check}({leak.column})"
        lines += [
            f"{click.style(leak.check, bold=True)}  {leak.why}",
            f"  end it: {leak.fix}",
            f"  or answer for it: --waive {shlex.quote(of + '=REASON')}",
        ]
    return lines


def _verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a line for each verdict; what found no leak is told in one."""
    quiet = [v for v in verdicts if v.name in CHECKS and v.outcome is Outcome.PASS]
    unasked = [v for v in verdicts if v.name in CHECKS and v.outcome is Outcome.NOT_APPLICABLE]
    for verdict in verdicts:
        if verdict not in quiet and verdict not in unasked:
            yield verdict_line(verdict)
    if quiet:
        yield f"{mark(Outcome.PASS.value)}  {', '.join(v.name for v in quiet)}"


def verdict_line(verdict: Verdict) -> str:
    """Return one verdict as a line."""
    return f"{mark(verdict.outcome.value)}  {verdict.rule}  {verdict.why}"


def tell_verdicts(output: Output, verdicts: Sequence[Verdict]) -> None:
    """Tell every verdict, a line each."""
    label = "checks"
    for line in _verdict_lines(verdicts):
        output.line(f"{_label(label)} {line}")
        label = ""


def tell_end(output: Output, build: Build, *, report: str | None, served: bool) -> None:
    """Tell what a build ended in, and what to do next; ``served`` says it goes live now."""
    tell_verdicts(output, build.verdicts)
    for place, line in enumerate(_contract(build)):
        output.line(f"{_label('contract' if not place else '')} {line}")
    version = build.version
    looks = f"; look {build.looks} at these test rows" if build.looks else ""
    output.line(
        f"{_label('model')} {click.style(version.ref, bold=True)}  {short(version.model)}"
        f"  (run {short(build.run)}{looks})"
    )
    if report:
        output.line(f"{_label('report')} {report}")
    commands = [f"mlw why {version.ref}", f"mlw prove {version.ref}"]
    if version.failed:
        commands.append(f"mlw show {version.ref}")
    elif not served:
        commands.append(f'mlw promote {version.ref} --to live --reason "…"')
    output.line(f"{_label('next')} {commands[0]}")
    for command in commands[1:]:
        output.line(f"{' ' * _WIDTH} {command}")


def _contract(build: Build) -> Sequence[str]:
    contract = build.contract
    made = "told from the rows outside the sealed test part"
    if contract.kept_from is not None:
        made = f"kept from version {contract.kept_from}"
    stated = f", {counted(len(contract.stated), 'line')} stated" if contract.stated else ""
    lines = [f"version {contract.number}, {made}{stated}: mlw show contract {build.version.ref}"]
    if build.outgrown:
        lines.append(f"the rows go beyond it: {'; '.join(build.outgrown[:_MOST_OUTGROWN])}")
        lines.append("--new-contract tells it again from the rows, [contract] states it")
    return lines


def eval_document(found: Evaluated, *, report: str) -> dict[str, object]:
    """Return the JSON document of `mlw eval`."""
    return {
        "model": {"id": found.version.model, "ref": found.version.ref},
        "run": found.run,
        "findings": found.findings,
        "checks": found.verdicts,
        "passed": not found.failed,
        "report": report,
    }


def build_document(build: Build, *, report: str | None) -> dict[str, object]:
    """Return the JSON document of `mlw run`."""
    evaluation = build.evaluation
    return {
        "data": {
            "id": build.snapshot.id,
            "digest": build.snapshot.digest,
            "rows": build.snapshot.rows,
            "columns": [c.name for c in build.snapshot.columns],
            "source": build.source,
            "readings": build.snapshot.readings,
        },
        "repaired": None
        if build.repaired is None
        else {
            "id": build.repaired.snapshot.id,
            "rows": build.repaired.snapshot.rows,
            "steps": [step.applied for step in build.repaired.steps],
            "cells_changed": build.repaired.cells,
            "rows_taken_out": build.repaired.taken_out,
        },
        "run": {"id": build.run, "seconds": build.seconds, "kept": list(build.cached)},
        "task": build.task,
        "plan": {"digest": build.plan_digest, "machine": build.plan.machine},
        "model": {
            "id": build.version.model,
            "ref": build.version.ref,
            "artefact": build.version.artefact,
            "probe_answers": build.version.probe_answers,
            "chosen": build.search.chosen.name,
        },
        "metric": evaluation.metric,
        "metrics": evaluation.metrics,
        "baseline": evaluation.baselines,
        "gain": evaluation.gain,
        "findings": build.findings,
        "method": evaluation.method,
        "test_rows": evaluation.rows,
        "looks": build.looks,
        "fit": evaluation.fit,
        "contract": {
            "version": build.contract.number,
            "digest": build.contract.digest,
            "kept_from": build.contract.kept_from,
            "stated": dict(build.contract.stated),
            "outgrown": build.outgrown,
        },
        "leaks": {"looked": build.leaks.looked, "found": build.leaks.leaks},
        "faults": build.leaks.faults,
        "checks": build.verdicts,
        "passed": not build.version.failed,
        "report": report,
    }
