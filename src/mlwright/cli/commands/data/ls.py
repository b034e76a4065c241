"""`mlw data ls`: the data versions, and what was made of each."""

from __future__ import annotations

import click

from mlwright.cli.listing_view import tell_listing
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many at most.",
)
@common
def command(limit: int, output: Output) -> None:
    """List data versions, newest first.

    Each with its rows and columns, where it was read from and when, and the models made of it;
    the same list as mlw ls data.

    \b
    mlw data ls
    mlw data ls --limit 5 --json
    """
    with open_project(output) as project:
        tell_listing(output, "data/ls", "data", project.listing("data", limit))
