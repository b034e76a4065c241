"""`mlw check`: look a table through for faults, and hold rules against it."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.group import NamingGroup
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.errors import ExitCode

_SHOWN = 3
_WRITTEN = 1000


@click.group(cls=NamingGroup)
def command() -> None:
    """Look for what is wrong, and hold rules against it."""


@command.command()
@click.argument("what", required=False)
@click.option("--against", metavar="MODEL", help="Hold this model's contract against the table.")
@click.option("--target", metavar="COLUMN", help="The column to predict (default: as it was run).")
@click.option("--key", metavar="COLUMN", help="The column that says who a row is.")
@click.option("--encoding", metavar="NAME", help="The text encoding of the file.")
@click.option(
    "--separator", metavar="CHARACTER", help="The field separator of the file (default: found)."
)
@click.option(
    "--check",
    "checks",
    metavar="RULE",
    multiple=True,
    help="A rule the rows must keep, such as 'age in [17, 90]'; repeatable.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"Name at most N rows of each check (default: {_SHOWN}); with --json of each check and "
    f"column (default: {_WRITTEN:,}).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every fault to this file: .csv or .parquet.",
)
@common
def data(
    *,
    what: str | None,
    against: str | None,
    target: str | None,
    checks: tuple[str, ...],
    limit: int | None,
    out: Path | None,
    output: Output,
    **reading: str | None,
) -> int:
    """Look a table through for faults.

    WHAT is a CSV or Parquet file, a data version (d_…), or a model, whose data is meant; without
    it the file that mlwright.toml names. Each faulty row is named by its id, with the value and
    why. Nothing is changed or recorded, and a file needs no project.

    Exits with 3 when a rule fails: one of --check, or of the contract with --against. Findings
    alone end with 0.

    \b
    mlw check data customers.csv --target churned
    mlw check data new.csv --against churned --out faults.csv
    mlw check data customers.csv --check 'age in [17, 90]' --check 'null(plan) <= 5%'
    """
    from mlwright.cli.check_view import document_of, tell_check

    flags = {f"data.{name}": value for name, value in reading.items() if value is not None}
    with open_project(output, needed=False, flags=flags) as project:
        found = project.check_data(
            what,
            against=against,
            target=target,
            rules=checks,
            most=limit or (_WRITTEN if output.as_json else _SHOWN),
            out=out,
        )
    most = limit or (_WRITTEN if output.as_json else _SHOWN)
    if output.as_json:
        output.document("check/data", document_of(found, most=most, out=out))
    else:
        tell_check(output, found, most=most, out=out)
    return int(ExitCode.CHECK_FAILED if found.failed else ExitCode.DONE)
