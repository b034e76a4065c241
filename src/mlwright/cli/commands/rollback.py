"""`mlw rollback`: go back to the version that was live before."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("name")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is recorded with your name.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@common
def command(name: str, reason: str, dry_run: bool, output: Output) -> None:
    """Make the version of the model NAME live that was live before the present one.

    \b
    mlw rollback churned --reason "too many false alarms since noon"
    """
    from mlwright.registry.roles import rolled_back

    with open_project(output) as project:
        if dry_run:
            stack = rolled_back(project.workspace.ledger, name)
            before = project.roles(name).get("live")
            if output.as_json:
                output.document("role", {"would": {"live": stack[-1], "previous": before}})
            else:
                output.line(f"{stack[-1]} would become live; live now: {before}")
            return
        change = project.rollback(name, reason=reason)
        if output.as_json:
            output.document("role", {"change": change})
        else:
            before = change.previous or "nothing"
            output.line(f"{change.endpoint}: {change.live} is live again; before it: {before}")
