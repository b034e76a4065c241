"""`mlw data export`: any data version as a file or table that other tools read."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, counted


@click.command()
@click.argument("ref")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A file ending in .parquet or .csv, or a new folder for a Delta table.",
)
@common
def command(ref: str, out: Path, output: Output) -> None:
    """Write a data version's rows, in the order of their ids.

    REF is a data version (d_…), or a model: then the data it was trained on. Parquet read again is
    the same data version; what CSV cannot hold is told by column.

    \b
    mlw data export churned@1 --out rows.parquet
    """
    with open_project(output) as project:
        found = project.export_data(ref, out)
    written = found.written
    if output.as_json:
        output.document(
            "data/export",
            {
                "data": found.data,
                "path": str(written.path),
                "format": written.format,
                "rows": written.rows,
                "losses": written.losses,
            },
        )
        return
    output.line(
        f"{found.data}: {counted(written.rows, 'row')} in {written.path} ({written.format})"
    )
    for loss in written.losses:
        output.warning(f"CSV cannot hold {loss.column!r} as it is: {loss.why}")
    if written.losses:
        output.note("Parquet holds every column: end the file's name in .parquet")
