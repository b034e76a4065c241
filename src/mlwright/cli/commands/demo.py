"""`mlw demo`: the whole job on real flights, shown step by step."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from mlwright.cli.options import common
from mlwright.cli.output import Output


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The table of flights that scripts/fetch_data.py prepares (flights_late.csv).",
)
@common
def command(data: Path, output: Output) -> int:
    """Learn from January to September 2013 which flights arrive late, then explain and prove it.

    The flights are real: everything that left New York in 2013.

    \b
    make demo
    mlw demo --data .cache/data/flights_late.csv
    """
    from mlwright.cli.main import run
    from mlwright.flows.excerpt import rows_before

    folder = output.folder or data.parent.parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "flights_to_september.csv"
    rows = rows_before(data, table, column="time_hour", day="2013-10-01")
    output.line(f"{rows:,} flights left New York from January to September 2013.")
    output.line("Which of them arrive more than 15 minutes late, told at departure?")
    build = ["run", str(table), "--target", "late", "--key", "flight_id", "--time", "time_hour"]
    for arguments in (
        [*build, "--check", "auc >= 0.80", "--budget", "30s"],
        ["why", "late"],
        ["prove", "late"],
    ):
        output.line(click.style(f"\n$ mlw {' '.join(map(_quoted, arguments))}", bold=True))
        if code := run([*arguments, "--project", str(folder)]):
            return code
    output.line(f"\nEverything lies in {folder}: go there, and try mlw ls, mlw show late.")
    return 0


def _quoted(argument: str) -> str:
    return shlex.quote(argument)
