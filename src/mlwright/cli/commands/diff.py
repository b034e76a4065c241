"""`mlw diff`: what differs between two things of one kind."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("first")
@click.argument("second")
@common
def command(first: str, second: str, output: Output) -> None:
    """Compare two data versions, two runs or two models.

    Data: rows added, removed and changed. Runs: inputs, code and environment. Models: all of
    these, and their metrics.

    \b
    mlw diff churned@1 churned@2
    """
    with open_project(output) as project:
        found = project.diff(first, second)
    if output.as_json:
        output.document(
            "diff",
            {
                "kind": found.kind,
                "first": found.first,
                "second": found.second,
                "differences": found.differences,
            },
        )
        return
    output.heading(f"{found.kind}: {found.first} and {found.second}")
    if not found.differences:
        output.line("  no difference")
    else:
        output.table(
            ("what", "first", "second"),
            ((d.what, str(d.first), str(d.second)) for d in found.differences),
        )
