"""`mlw data add`: from a table to a data version."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project, read_by_options
from mlwright.cli.output import Output


@click.command()
@click.argument("source", required=False)
@click.option("--key", metavar="COLUMN", help="The column that says who a row is.")
@read_by_options
@click.option(
    "--append",
    metavar="DATA",
    help="Add the rows to a data version (d_…), a model's data, or what was last read from a "
    "source; with a key, a row replaces the one of its key.",
)
@common
def command(source: str | None, append: str | None, output: Output, **reading: str | None) -> None:
    """Read a table into a data version, without training.

    SOURCE is a file (CSV, TSV, JSON lines, Parquet, Arrow, Excel, SQLite; compressed or not), a
    folder, a pattern in quotes, http(s)://…, sklearn:NAME, or env:NAME for an address that the
    environment variable NAME holds; without it, the source that mlwright.toml names. The same
    rows are the same version, whatever their order, file or format.

    \b
    mlw data add customers.csv.gz --key customer_id
    mlw data add 'sales/2026-*.parquet' --json
    mlw data add env:WAREHOUSE_URL --query 'SELECT * FROM customers'
    mlw data add today.csv --append customers.csv
    """
    from mlwright.cli.data_view import document_of, tell_added
    from mlwright.data.sources.address import absolute

    flags: dict[str, object] = {f"data.{k}": v for k, v in reading.items() if v is not None}
    if source is not None:
        flags["data.source"] = absolute(source, Path.cwd())
    with open_project(output, create=append is None, flags=flags) as project:
        added = project.add(append=append)
    if output.as_json:
        output.document("data/add", document_of(added))
    else:
        tell_added(output, added)
