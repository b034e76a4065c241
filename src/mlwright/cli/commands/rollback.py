"""`mlw rollback`: go back to the version that was live before."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is recorded with your name.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@common
def command(name: str, reason: str, dry_run: bool, output: Output) -> None:
    """Make the version of NAME live that was live before the present one.

    \b
    mlw rollback churned --reason "too many false alarms since noon"
    """
    with open_project(output) as project:
        if dry_run:
            roles = project.roles(name)
            output.line(f"{roles.get('previous') or 'nothing'} would become live")
            return
        change = project.rollback(name, reason=reason)
        if output.as_json:
            output.document("role", {"change": change})
        else:
            output.line(f"{change.endpoint}: live is {change.live}, previous is {change.previous}")
