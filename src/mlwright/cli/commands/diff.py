"""`mlw diff`: what differs between two things of one kind."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("first")
@click.argument("second")
@click.option(
    "--rows",
    type=click.Path(path_type=Path),
    help="Write the ids of rows two data versions do not share to this .csv or .parquet file.",
)
@common
def command(first: str, second: str, rows: Path | None, output: Output) -> None:
    """Compare two data versions, two runs or two models.

    Data: rows added, removed and changed, columns, and how values moved. Runs: their data, the
    recorded code line by line, parameters (settings and plan), environment, metrics with intervals,
    and how their models answer the rows that neither saw: which is better, paired, which answers
    change, and in which slices. Models: all of these, checks and contract.

    \b
    mlw diff churned@1 churned@2
    """
    from mlwright.cli.diff_view import document_of, tell_differences

    with open_project(output) as project:
        found = project.diff(first, second, rows=rows)
    if output.as_json:
        output.document("diff", document_of(found))
        return
    tell_differences(output, found)
    if rows is not None:
        output.note(f"wrote the ids of the rows that differ to {rows}")
