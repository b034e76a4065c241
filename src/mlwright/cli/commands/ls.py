"""`mlw ls`: list things of one noun."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.ids import short

NOUNS = ("models", "runs", "data", "checks", "events", "endpoints", "steps")


@click.command()
@click.argument("noun", type=click.Choice(NOUNS), default="models")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@common
def command(noun: str, limit: int, output: Output) -> None:
    """List the newest things of a NOUN.

    \b
    mlw ls
    mlw ls runs --limit 5
    """
    with open_project(output) as project:
        listing = project.listing(noun, limit)
    if output.as_json:
        output.document("ls", {"noun": noun, noun: [dict(row) for row in listing]})
    elif not listing:
        output.note(f"no {noun} yet; start with: mlw run FILE --target COLUMN")
    else:
        columns = list(listing[0])
        output.table(columns, ([_cell(row[name]) for name in columns] for row in listing))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    return short(text) if len(text) > 20 and text[1:2] == "_" else text
