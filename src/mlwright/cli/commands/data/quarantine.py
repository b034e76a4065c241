"""`mlw data quarantine`: the rows that a repair took out of training, and why."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output

_SHOWN = 20


@click.command()
@click.argument("what", required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=_SHOWN, show_default=True, help="How many at most."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every row to this file: .csv or .parquet.",
)
@common
def command(what: str | None, limit: int, out: Path | None, output: Output) -> None:
    """List the rows that a repair took out of training.

    WHAT is a repaired version (d_…); without it, the newest. Each row with its id, the step that
    took it out (quarantine, dedupe or drop where), why, and what it held then.

    \b
    mlw data quarantine
    mlw data quarantine d_… --out rows.csv
    """
    from mlwright.cli.mending_view import tell_quarantine

    with open_project(output) as project:
        data, rows = project.quarantine(what, most=limit, out=out)
    if output.as_json:
        shown = {"data": data, "rows": rows[:limit], "out": None if out is None else str(out)}
        output.document("data/quarantine", shown)
    else:
        tell_quarantine(output, data, rows, "" if out is None else str(out))
