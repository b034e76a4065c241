"""`mlw run`: from a table and a question to a registered model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.options import common, open_project, read_by_options, waivers_given
from mlwright.cli.output import Output
from mlwright.cli.serve_view import exit_code
from mlwright.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from mlwright.api.project import Project
    from mlwright.cli.serve_view import ServeView

_FLAGS = {
    "source": "data.source",
    "target": "target",
    "task": "task",
    "name": "project.name",
    "key": "data.key",
    "time": "data.time",
    "group": "data.group",
    "query": "data.query",
    "sheet": "data.sheet",
    "encoding": "data.encoding",
    "separator": "data.separator",
    "drop": "features.drop",
    "budget": "search.budget",
    "metric": "search.metric",
    "models": "search.models",
    "steps": "features.steps",
    "seed": "search.seed",
    "threads": "search.threads",
    "port": "serve.port",
    "ui_port": "serve.ui_port",
    "keep_wheels": "environment.keep_wheels",
}


@click.command()
@click.argument("source", required=False)
@click.option("--target", metavar="COLUMN", help="The column to predict; here or in mlwright.toml.")
@click.option(
    "--task",
    metavar="KIND",
    help="binary, multiclass or regression (default: told from the target); anomaly or clustering"
    " without one.",
)
@click.option(
    "--name", metavar="NAME", help="The model's name (default: the project's, else the target's)."
)
@click.option("--key", metavar="COLUMN", help="The column that says who a row is.")
@click.option(
    "--time",
    metavar="COLUMN",
    help="The column that says when a row happened; the test part is latest.",
)
@click.option("--group", metavar="COLUMN", help="The column whose rows must stay in one part.")
@read_by_options
@click.option(
    "--drop", metavar="COLUMN", multiple=True, help="A column that is no feature; repeatable."
)
@click.option(
    "--budget", metavar="TIME", help="Work for about this long, such as 30s or 10m (default: 20s)."
)
@click.option(
    "--metric", metavar="NAME", help="The metric to choose by (default: auc, log_loss or rmse)."
)
@click.option(
    "--models",
    metavar="NAME",
    multiple=True,
    help="An algorithm, auto for all, or a model of your own as MODULE:NAME; repeatable.",
)
@click.option(
    "--steps",
    metavar="NAME",
    multiple=True,
    help="A feature step of your own as MODULE:FUNCTION; repeatable, carried out in order.",
)
@click.option("--seed", type=int, help="The seed of the split and of all else (default: 0).")
@click.option(
    "--threads",
    type=int,
    help="Threads to train with (default: one; every core from 2,000,000 cells on).",
)
@click.option(
    "--check",
    "checks",
    metavar="RULE",
    multiple=True,
    help="A rule the model must pass, such as 'auc >= 0.70'; repeatable.",
)
@click.option(
    "--waive",
    "waivers",
    metavar="CHECK=REASON",
    multiple=True,
    callback=waivers_given,
    help="Answer for a leak that was found, such as 'leak.target(delay)=known beforehand'; "
    "repeatable.",
)
@click.option(
    "--plan", metavar="RUN", help="Carry out the plan of this run (r_…) instead of one of its own."
)
@click.option("--replan", is_flag=True, help="Probe this machine again and make a new plan.")
@click.option(
    "--new-contract",
    is_flag=True,
    help="Infer what columns promise again, instead of keeping what was agreed for this name.",
)
@click.option(
    "--keep-wheels",
    is_flag=True,
    default=None,
    help="Keep the packages this run uses in the project, so that mlw prove can build its"
    " environment again without a network.",
)
@click.option(
    "--serve", "then_serve", is_flag=True, help="Make it live if it passes, and answer over HTTP."
)
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="With --serve, the port (default: 7700).",
)
@click.option(
    "--ui-port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="With --serve, the port for pages (default: 7701).",
)
@click.option(
    "--give",
    metavar="NAME=VALUE",
    multiple=True,
    help="With a pipeline (flow.py), what its steps take and none of them gives; repeatable.",
)
@common
def command(
    *,
    give: tuple[str, ...],
    checks: tuple[str, ...],
    waivers: dict[str, str],
    plan: str | None,
    replan: bool,
    new_contract: bool,
    then_serve: bool,
    output: Output,
    **given: object,
) -> int:
    """Train, judge and register a model; or carry out a pipeline of your own.

    SOURCE is a file, a folder, a pattern or an address, as for mlw data add; without it the one
    that mlwright.toml names is read. The same data, settings and code give the same model; what
    was done before is kept, also after an interruption.

    With a file of Python (flow.py, or flow.py:NAME) it is the pipeline in it that is carried out,
    with what --give names.

    Exits with 3 when the model fails a check, or its data a line of [contract]: it is registered,
    and cannot be promoted. With --serve it is then not served either.

    \b
    mlw run customers.csv --target churned
    mlw run flights.parquet --target late --time departed --check 'auc >= 0.7'
    mlw run customers.csv --target churned --serve
    mlw run payments.csv --task anomaly
    mlw run flow.py --give source=customers.csv --give depth=5
    """
    if plan is not None and replan:
        raise UsageError(
            "options-contradict",
            f"--plan {plan} carries out a plan that was made, --replan makes a new one",
            fix=f"mlw run --plan {plan}, or mlw run --replan",
            facts={"options": ["--plan", "--replan"]},
        )
    flags = {_FLAGS[name]: value for name, value in given.items() if value not in (None, ())}
    flags |= {f"waive.{check}": reason for check, reason in waivers.items()}
    if is_pipeline(flags.get("data.source")) or give:
        return _carry_out(output, flags, give)
    from mlwright.cli.build_view import BuildView, build_document, tell_end
    from mlwright.cli.progress import progress_for
    from mlwright.cli.serve_view import ServeView
    from mlwright.data.sources.address import absolute

    if "data.source" in flags:
        flags["data.source"] = absolute(str(flags["data.source"]), Path.cwd())
    with open_project(output, create=True, flags=flags) as project:
        if then_serve:
            project.require_servable()
        with output.apart():
            build = project.build(
                rules=checks,
                plan=plan,
                replan=replan,
                new_contract=new_contract,
                listener=BuildView(output),
                progress=progress_for(output),
            )
        report = str(project.write_report(build.version))
        document = build_document(build, report=report)
        served = then_serve and not build.version.failed
        if not output.as_json:
            tell_end(output, build, report=report, served=served)
        elif not served:
            output.document("run", document)
        if served:
            return _serve(project, build.version.ref, ServeView(output, run=document))
    return int(ExitCode.CHECK_FAILED if build.version.failed else ExitCode.DONE)


def _serve(project: Project, ref: str, view: ServeView) -> int:
    """Make a version live and answer for it until asked to end."""
    project.promote(ref, reason="mlw run --serve: it passed its checks")
    return exit_code(project.serve(listener=view, environ=os.environ))


def is_pipeline(source: object) -> bool:
    """Tell whether what is to be run is a file of Python, with the name of a pipeline or without.

    >>> [is_pipeline(each) for each in ("flow.py", "flow.py:train", "flow.csv", None)]
    [True, True, False, False]
    """
    return isinstance(source, str) and source.partition(":")[0].endswith(".py")


def _carry_out(output: Output, flags: dict[str, object], give: tuple[str, ...]) -> int:
    """Carry out the pipeline that stands in the place of a table."""
    from mlwright.cli.pipeline_view import run_pipeline

    source = flags.pop("data.source", None)
    if not is_pipeline(source) or flags:
        others = sorted(name.rpartition(".")[2] for name in flags)
        raise UsageError(
            "options-contradict",
            f"--{others[0]} is about a model, and {source} is a pipeline"
            if is_pipeline(source)
            else "--give is about a pipeline, and no file of Python is named",
            fix="mlw run flow.py --give NAME=VALUE",
            facts={"options": [f"--{each}" for each in others] or ["--give"]},
        )
    with open_project(output, create=True) as project:
        run_pipeline(output, project, str(source), give)
    return int(ExitCode.DONE)
