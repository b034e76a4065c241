"""`mlw doctor`: tell whether the project is well."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, mark
from mlwright.core.errors import ExitCode


@click.command()
@click.option(
    "--rebuild", is_flag=True, help="Make every table again that the events alone can make."
)
@common
def command(rebuild: bool, output: Output) -> int:
    """Check the log, every object and the settings; nothing is changed without --rebuild.

    Exits with 6 when something is not as it was written.

    \b
    mlw doctor
    mlw doctor --rebuild
    """
    with open_project(output) as project:
        findings = project.examine(rebuild=rebuild)
    well = all(finding.well for finding in findings)
    if output.as_json:
        output.document("doctor", {"well": well, "findings": findings})
    else:
        for finding in findings:
            outcome = mark("pass" if finding.well else "fail")
            output.line(f"{outcome}  {finding.what}: {finding.found}")
    return int(ExitCode.DONE if well else ExitCode.NOT_REPRODUCIBLE)
