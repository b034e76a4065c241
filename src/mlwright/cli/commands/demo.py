"""`mlw demo`: the whole job on real flights, shown step by step."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common
from mlwright.cli.output import Output


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The flights table that scripts/fetch_data.py prepares.",
)
@common
def command(data: Path, output: Output) -> int:
    """Learn from the first months of 2013 which flights arrive late, then explain and prove it.

    \b
    make demo
    """
    from mlwright.cli.main import run

    folder = output.folder or Path.cwd() / ".cache" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    table = _first_months(data, folder / "flights_2013_first_months.parquet")
    at = ["--project", str(folder)]
    for arguments in (
        [
            "run",
            str(table),
            "--target",
            "late",
            "--key",
            "flight_id",
            "--time",
            "time_hour",
            "--name",
            "late",
            "--check",
            "auc >= 0.70",
            *at,
        ],
        ["why", "late", *at],
        ["prove", "late", *at],
    ):
        shown = " ".join(a if " " not in a else f"'{a}'" for a in arguments)
        output.line(click.style(f"\n$ mlw {shown}", bold=True, fg="cyan"))
        if code := run(arguments):
            return code
    return 0


def _first_months(data: Path, table: Path) -> Path:
    """Write the flights of January to September; the later weeks stay unseen for serving."""
    from mlwright.data.excerpt import before

    return before(data, table, column="time_hour", end="2013-10-01")
