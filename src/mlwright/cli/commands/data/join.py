"""`mlw data join`: a table with the values of another, as they were known at each row's time."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("left")
@click.argument("right")
@click.option(
    "--by",
    metavar="COLUMN",
    multiple=True,
    help="A column that is equal in both, or LEFT=RIGHT; repeatable.",
)
@click.option("--time", metavar="COLUMN", required=True, help="The moment of each row of LEFT.")
@click.option(
    "--event",
    metavar="COLUMN",
    help="When a row of RIGHT was true (default: its column named as --time).",
)
@click.option(
    "--known", metavar="COLUMN", help="When a row of RIGHT could be read (default: when true)."
)
@click.option(
    "--known-after", metavar="TIME", help="How long after that it could be read, such as 45m."
)
@click.option(
    "--within",
    metavar="TIME",
    default="1d",
    show_default=True,
    help="The oldest values taken; any takes all.",
)
@click.option(
    "--column", "columns", metavar="COLUMN", multiple=True, help="Take this one; repeatable."
)
@click.option(
    "--name", metavar="NAME", help="Goes before joined columns' names (default: RIGHT's file)."
)
@click.option("--key", metavar="COLUMN", help="The key of LEFT where it is a file.")
@click.option("--right-key", metavar="COLUMN", help="The key of RIGHT where it is a file.")
@click.option("--out", metavar="FILE", help="Write the result too: .parquet or .csv.")
@common
def command(
    *,
    left: str,
    right: str,
    by: tuple[str, ...],
    time: str,
    columns: tuple[str, ...],
    out: str | None,
    output: Output,
    **how: str | None,
) -> None:
    """Join a table to another as it was known at each row's time.

    LEFT and RIGHT are files or data versions (d_…). Each row of LEFT is kept and gets the newest
    row of RIGHT with the same keys that was true and known at its moment, and is no older than
    --within. Each joined row is then looked up again by its id: no value was known later than the
    row that has it. The result is a data version to run on.

    \b
    mlw data join flights.csv weather.csv --by origin --time time_hour --within 2h
    mlw data join d_a d_b --by customer --time asked_at --event day --known loaded_at
    """
    from pathlib import Path

    from mlwright.cli.join_view import document_of, tell_join

    with open_project(output, create=True) as project:
        made = project.join_data(left, right, by=by, time=time, columns=columns, **how)
        if out is not None:
            project.export_data(made.joined.snapshot.id, Path(out))
    if output.as_json:
        output.document("data/join", document_of(made, out))
    else:
        tell_join(output, made, out)
