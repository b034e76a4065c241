"""`mlw demo`: the whole job on real flights, shown step by step."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mlwright.cli.options import common
from mlwright.cli.output import Output

_OCTOBER = "2013-10-01"
_ASKED = 3000


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The table of flights that scripts/fetch_data.py prepares (flights_late.csv).",
)
@click.option("--stay", is_flag=True, help="Keep serving at the end, until Ctrl-C.")
@common
def command(data: Path, stay: bool, output: Output) -> int:
    """Learn from January to September 2013 which flights arrive late, and answer for October.

    The flights are real: everything that left New York in 2013. The model is proved, made live
    and asked over HTTP about the first flights of October; then the truth is told, and one of its
    answers explained and proved.

    \b
    make demo
    mlw demo --data .cache/data/flights_late.csv --stay
    """
    from mlwright.flows.excerpt import rows_before, rows_from

    folder = output.folder or data.parent.parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "flights_to_september.csv"
    rows = rows_before(data, table, column="time_hour", day=_OCTOBER)
    output.line(f"{rows:,} flights left New York from January to September 2013.")
    output.line("Which of them arrive more than 15 minutes late, told at departure?")
    build = ["run", str(table), "--target", "late", "--key", "flight_id", "--time", "time_hour"]
    for arguments in (
        [*build, "--check", "auc >= 0.80", "--budget", "30s"],
        ["why", "late"],
        ["prove", "late"],
        ["promote", "late", "--to", "live", "--reason", "it passed its checks and was proved"],
    ):
        if code := _carry_out(arguments, folder, output):
            return code
    october = rows_from(data, column="time_hour", day=_OCTOBER, limit=_ASKED)
    if code := _serve(folder, october, output, stay=stay):
        return code
    output.line(f"\nEverything lies in {folder}: go there, and try mlw ls, mlw show late.")
    return 0


def _serve(
    folder: Path, rows: Sequence[Mapping[str, object]], output: Output, *, stay: bool
) -> int:
    """Ask a server about rows, tell it the truth, explain and prove one of its answers."""
    from mlwright.cli.demo_traffic import ask_about, server

    _prompt(output, ["serve"])
    with server(folder) as served:
        output.line(f"predictions {served.address}\npages       {served.pages}")
        week = ask_about(served.address, "late", rows, target="late")
        output.line(
            f"\n{week.asked:,} flights of October, asked one by one over HTTP, each answer on disk"
            f" before it was sent: {week.seconds:.1f} s.\nThen the truth was told:"
            f" {week.truths / week.asked:.0%} of them arrived late, and of the {week.likeliest}"
            f" said to be likeliest to, {week.hits / week.likeliest:.0%} did."
        )
        prediction = str(week.chosen.id)
        for arguments in (["why", prediction], ["prove", prediction]):
            if code := _carry_out(arguments, folder, output):
                return code
        passport = f"{served.pages}/predictions/{prediction}"
        if stay:
            output.line(f"\nIts passport: {passport}\nServing until Ctrl-C.")
            sys.stdout.flush()
            served.process.wait()
        else:
            output.line(f"\nIts passport was at {passport}; mlw demo --stay keeps it there.")
    return 0


def _carry_out(arguments: list[str], folder: Path, output: Output) -> int:
    from mlwright.cli.main import run

    _prompt(output, arguments)
    return run([*arguments, "--project", str(folder)])


def _prompt(output: Output, arguments: list[str]) -> None:
    output.line(click.style(f"\n$ mlw {shlex.join(arguments)}", bold=True))
    sys.stdout.flush()
