"""`mlw data add`: from a table to a data version."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("source", required=False)
@click.option("--key", metavar="COLUMN", help="The column that says who a row is.")
@click.option("--encoding", metavar="NAME", help="The text encoding of the file.")
@click.option(
    "--separator", metavar="CHARACTER", help="The field separator of the file (default: found)."
)
@common
def command(source: str | None, output: Output, **reading: str | None) -> None:
    """Read a table into a data version, without training.

    SOURCE is a CSV or Parquet file; without it, the table that mlwright.toml names. The same rows
    are the same version, whatever their order, file or format.

    \b
    mlw data add customers.csv --key customer_id
    mlw data add customers.parquet --json
    """
    from mlwright.cli.data_view import document_of, tell_added

    flags: dict[str, object] = {f"data.{k}": v for k, v in reading.items() if v is not None}
    if source is not None:
        flags["data.source"] = str(Path(source).expanduser().absolute())
    with open_project(output, create=True, flags=flags) as project:
        added = project.add()
    if output.as_json:
        output.document("data/add", document_of(added))
    else:
        tell_added(output, added)
