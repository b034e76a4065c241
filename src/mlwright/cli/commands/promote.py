"""`mlw promote`: make a model version live."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("ref")
@click.option("--to", "role", type=click.Choice(["live"]), required=True, help="The role to take.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is recorded with your name.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@common
def command(ref: str, role: str, reason: str, dry_run: bool, output: Output) -> None:
    """Make REF (NAME@VERSION) live; the one that was live becomes previous.

    A version that failed one of its checks is refused with exit code 3.

    \b
    mlw promote churned@8 --to live --reason "beats churned@7 by 0.01"
    """
    from mlwright.registry.roles import promoted

    with open_project(output) as project:
        version = project.find(ref)
        if dry_run:
            stack = promoted(project.workspace.ledger, version)
            before = project.live(version.ref)
            if output.as_json:
                output.document("role", {"would": {"live": stack[-1], "previous": before}})
            elif before == version.ref:
                output.line(f"{version.ref} is already live; nothing would change")
            else:
                output.line(f"{version.ref} would become {role}; live now: {before or 'nothing'}")
            return
        change = project.promote(version.ref, reason=reason)
        if output.as_json:
            output.document("role", {"change": change})
        elif not change.moved:
            output.line(
                f"{change.live} is already live, by {change.actor} since {change.time}:"
                " nothing was recorded"
            )
        elif change.previous is None:
            output.line(f"{change.endpoint}: {change.live} is live, the first to be")
        else:
            output.line(f"{change.endpoint}: {change.live} is live, {change.previous} is previous")
            output.line(f'next  mlw rollback {change.endpoint} --reason "…" takes it back')
