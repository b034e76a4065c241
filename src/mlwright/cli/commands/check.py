"""`mlw check`: look a table through for faults, and hold rules against it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.group import NamingGroup
from mlwright.cli.options import common, open_project, read_by_options
from mlwright.cli.output import Output
from mlwright.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from mlwright.api.project import Project

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
@read_by_options
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
@click.option(
    "--fix",
    is_flag=True,
    help="Tell which steps of repair would mend the table, and write the sure ones to the spec.",
)
@click.option("--yes", is_flag=True, help="With --fix: write without asking.")
@click.option("--dry-run", is_flag=True, help="With --fix: tell the steps and write nothing.")
@common
def data(
    *,
    what: str | None,
    against: str | None,
    target: str | None,
    checks: tuple[str, ...],
    limit: int | None,
    out: Path | None,
    fix: bool,
    yes: bool,
    dry_run: bool,
    output: Output,
    **reading: str | None,
) -> int:
    """Look a table through for faults.

    WHAT is a file, a folder or an address as for mlw data add, a data version (d_…), or a model,
    whose data is meant; without it the source that mlwright.toml names. Each faulty row is named
    by its id, with the value and why. Nothing is changed or recorded, and a file needs no project.

    With --fix each finding that a step of repair would mend is told with the step, why, an example
    and how sure it is. The sure ones are added to [data] repair in mlwright.toml, after you said
    yes; the file is otherwise left as it is, and the table is mended by the next run.

    Exits with 3 when a rule fails: one of --check, of [checks] about a column, or of the contract
    with --against. A check of your own that takes a table is a rule as well. Findings alone end
    with 0.

    \b
    mlw check data customers.csv --target churned
    mlw check data new.csv --against churned --out faults.csv
    mlw check data customers.csv --check 'age in [17, 90]' --check 'null(plan) <= 5%'
    mlw check data customers.csv --check mychecks:enough
    mlw check data --fix --dry-run
    """
    from mlwright.cli.check_view import document_of, tell_check

    flags = {f"data.{name}": value for name, value in reading.items() if value is not None}
    with open_project(output, needed=fix and not dry_run, flags=flags) as project:
        if fix:
            others = {"--against": against, "--check": checks, "--limit": limit, "--out": out}
            _refuse_beside_fix([name for name, value in others.items() if value])
            _fix(project, what, target, output, yes=yes, dry_run=dry_run)
            return int(ExitCode.DONE)
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


def _refuse_beside_fix(given: Sequence[str]) -> None:
    if given:
        raise UsageError(
            "fix-alone",
            f"--fix tells steps and no faults, so {', '.join(given)} would do nothing",
            fix="leave it out, or leave --fix out",
            facts={"options": list(given)},
        )


def _fix(
    project: Project,
    what: str | None,
    target: str | None,
    output: Output,
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Tell the steps that would mend a table; write the sure ones if a person wants that."""
    from mlwright.cli.mending_view import proposals_document, tell_proposals, tell_written

    found = project.propose_steps(what, target=target)
    if not output.as_json:
        tell_proposals(output, found)
    steps = [each.step for each in found.sure]
    if steps and not dry_run and (yes or _says_yes(len(steps), found.spec, output)):
        project.write_steps(steps)
        found = replace(found, written=True)
    if output.as_json:
        output.document("check/fix", proposals_document(found))
    else:
        tell_written(output, found)


def _says_yes(steps: int, spec: str, output: Output) -> bool:
    """Ask a person at a terminal; nobody else is taken to have said yes."""
    if output.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return click.confirm(f"write {steps} steps to {spec}?", default=False)
