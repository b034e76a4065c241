"""`mlw report`: a model's report as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("ref")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write, '-' for standard output (default: the project's reports folder).",
)
@common
def command(ref: str, out: Path | None, output: Output) -> None:
    """Write the report of model REF (NAME, NAME@VERSION or m_…): one HTML file, nothing else.

    \b
    mlw report churned@1 --out churned.html
    mlw report churned@1 --out - > churned.html
    """
    with open_project(output) as project:
        if out is not None and str(out) == "-":
            html = project.report_html(project.find(ref))
            if output.as_json:
                output.document("report", {"report": None, "html": html})
            else:
                output.line(html)
            return
        path = project.write_report(project.find(ref), out)
        if output.as_json:
            output.document("report", {"report": str(path)})
        else:
            output.line(str(path))
