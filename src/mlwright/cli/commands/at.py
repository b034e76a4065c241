"""`mlw at`: who was live at a date."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.ids import short


@click.command()
@click.argument("date")
@click.argument("name")
@common
def command(date: str, name: str, output: Output) -> None:
    """Tell which version of NAME was live at DATE, who made it so, when and why.

    DATE is a date, which means its end, or a time such as 2026-08-14T09:30; both in UTC unless
    the time says otherwise.

    \b
    mlw at 2026-08-14 churned
    """
    with open_project(output) as project:
        found = project.at(date, name)
    version, change = found.version, found.change
    if output.as_json:
        output.document("at", {"ref": version.ref, "standing": found})
        return
    output.heading(f"{name} at {found.moment}: {version.ref}")
    output.fields(
        (
            ("model", version.model),
            ("live", f"from {change.time} until {found.until or 'now'}"),
            ("made live by", f"{change.actor} in {change.event}: {change.reason}"),
            ("before it", change.previous or "nothing"),
            ("data", version.data),
            ("run", version.run),
            ("registered", f"{version.time} by {version.actor} in {version.event}"),
        )
    )
    output.line()
    output.table(
        ("outcome", "rule", "why", "recorded in"),
        ((str(c["outcome"]), str(c["rule"]), str(c["why"]), str(c["event"])) for c in found.checks),
    )
    output.line(f"next  mlw prove {version.ref}, mlw why {short(version.model)}")
