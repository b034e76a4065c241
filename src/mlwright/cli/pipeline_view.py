"""A pipeline on the command line: `mlw run flow.py`, step by step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from mlwright.api.pipeline import PipelineRun
from mlwright.api.project import Project
from mlwright.cli.output import Output, say
from mlwright.core.errors import UsageError
from mlwright.core.ids import short
from mlwright.flows.pipelines import carry_out, named_pipeline, written_value
from mlwright.run.engine import StepReport
from mlwright.run.executors.terminal import Terminal

_LONGEST = 200


def given_values(pairs: Sequence[str]) -> dict[str, object]:
    """Return values by name out of ``NAME=VALUE``.

    Raises
    ------
    UsageError
        ``argument-value`` for what names nothing.

    >>> given_values(["source=customers.csv", "depth=3"])
    {'source': 'customers.csv', 'depth': 3}
    """
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip().isidentifier():
            raise UsageError(
                "argument-value",
                f"--give {pair!r} names no input and value",
                fix="write --give NAME=VALUE, such as --give source=customers.csv",
                facts={"value": pair},
            )
        found[name.strip()] = written_value(value.strip())
    return found


def run_pipeline(output: Output, project: Project, source: str, given: Sequence[str]) -> None:
    """Carry a pipeline out, and tell each step as it finishes or the whole as one document."""
    values = given_values(given)
    # As `python flow.py` does: what lies beside the file can be imported while it runs.
    sys.path.insert(0, str(Path(source.partition(":")[0]).absolute().parent))
    pipeline = named_pipeline(source, Path.cwd())
    longest = max(len(step.name) for step in pipeline.steps)
    with output.apart():
        carried = carry_out(
            project.workspace,
            pipeline,
            values,
            on_step=_StepView(output, longest).finished,
            live=None if output.quiet else Terminal(sys.stderr),
        )
    run = PipelineRun(project, pipeline, carried)
    result = carried.laid.result
    if output.as_json:
        steps = [_document(report) for report in run.reports.values()]
        output.document(
            "pipeline", {"run": run.id, "pipeline": pipeline.name, "gives": result, "steps": steps}
        )
        return
    if result is not None:
        shown = str(run.value)
        output.line(f"gives      {shown[:_LONGEST]}{' …' if len(shown) > _LONGEST else ''}")
    output.line(f"run        {run.id}")
    output.line(f"next       mlw show {short(run.id)}")
    output.line(f"           mlw prove {short(run.id)}")


@dataclass(frozen=True, slots=True)
class _StepView:
    """Tells a step in one line as it finishes; silent with ``--json`` and ``-q``."""

    output: Output
    width: int

    def finished(self, report: StepReport) -> None:
        """Tell one finished step, and why it cannot be kept."""
        if self.output.as_json or self.output.quiet:
            return
        took = "kept" if report.cached else f"{report.seconds:.2f} s"
        name = click.style(report.step.ljust(self.width), bold=True)
        say(f"{name}  {click.style(took, dim=True)}")
        for what in report.unseen[:1]:
            say(f"{' ' * self.width}  not kept: {what}")


def _document(report: StepReport) -> dict[str, object]:
    return {
        "step": report.step,
        "kept": report.cached,
        "seconds": report.seconds,
        "key": report.key,
        "output": report.output,
        "unseen": list(report.unseen),
    }
