"""`mlw eval`: look further into a model."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.errors import ExitCode


@click.command()
@click.argument("ref")
@click.option(
    "--check",
    "checks",
    metavar="RULE",
    multiple=True,
    help="A rule the model must pass, such as 'worst_slice <= 0.1'; repeatable.",
)
@click.option(
    "--only", metavar="FINDING", multiple=True, help="Only this finding; repeatable (default: all)."
)
@common
def command(ref: str, checks: tuple[str, ...], only: tuple[str, ...], output: Output) -> int:
    """Look further into model REF (NAME, NAME@VERSION or m_…), on rows it never saw.

    Every finding that applies to its task is made, those of mlw run kept; then the model is judged
    by the rules of mlwright.toml, by those it was judged by before and by those given. What was
    found stands in mlw show, in the report and on the model's page.

    Exits with 3 when the model fails a check.

    \b
    mlw eval churned
    mlw eval churned --only slices --check 'worst_slice.low <= 0.1'
    mlw eval churned --check mychecks:vip_recall
    """
    from mlwright.cli.build_view import BuildView, eval_document, tell_verdicts
    from mlwright.cli.progress import progress_for

    with open_project(output) as project:
        found = project.evaluate(
            ref,
            rules=checks,
            only=only,
            listener=BuildView(output),
            progress=progress_for(output),
        )
        report = str(project.write_report(found.version))
        if output.as_json:
            output.document("eval", eval_document(found, report=report))
        else:
            tell_verdicts(output, found.verdicts)
            output.line(f"{click.style('report'.ljust(10), bold=True)} {report}")
    return int(ExitCode.CHECK_FAILED if found.failed else ExitCode.DONE)
