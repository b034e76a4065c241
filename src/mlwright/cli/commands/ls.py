"""`mlw ls`: list things of one noun."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.ids import short

NOUNS = ("models", "runs", "data", "checks", "events", "endpoints", "steps")

_STARTS = {"endpoints": 'mlw promote NAME@VERSION --to live --reason "…"'}
"""What makes the first of a noun, where it is not a run."""


@click.command()
@click.argument("noun", metavar="[NOUN]", type=click.Choice(NOUNS), default="models")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most."
)
@common
def command(noun: str, limit: int, output: Output) -> None:
    """List the newest things of a NOUN.

    NOUN is models (unless another is named), runs, data, checks, events, endpoints or steps. An
    endpoint is a model's name of which some version is live.

    \b
    mlw ls
    mlw ls runs --limit 5
    """
    with open_project(output) as project:
        listing = project.listing(noun, limit)
    if output.as_json:
        output.document("ls", {"noun": noun, noun: [dict(row) for row in listing]})
    elif not listing:
        start = _STARTS.get(noun, "mlw run FILE --target COLUMN")
        output.note(f"no {noun} yet; start with: {start}")
    else:
        columns = list(listing[0])
        output.table(columns, ([_cell(row[name]) for name in columns] for row in listing))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = str(value)
    return short(text) if len(text) > 20 and text[1:2] == "_" else text
