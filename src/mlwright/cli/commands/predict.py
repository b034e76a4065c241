"""`mlw predict`: score a file with a model."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, say


@click.command()
@click.argument("ref")
@click.argument("file")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write: .csv or .parquet (default: CSV on stdout).",
)
@common
def command(ref: str, file: str, out: Path | None, output: Output) -> None:
    """Score every row of FILE with the model REF.

    FILE is a file, a folder or an address, as for mlw data add.

    Writes one row for each input row, in order: `value`, and for classes a column
    `probability:CLASS` for each. REF is NAME@VERSION, m_… or a bare name: the version that is
    live, else the newest. With --json and no --out the document holds the answers.

    Each cell that breaks the model's contract is told, clipped or refused as at its endpoint; with
    --json each of them stands under `flags`, rows counted from 0.

    \b
    mlw predict churned new_customers.csv --out answers.csv
    """
    with open_project(output) as project:
        scored = project.predict_file(ref, file, out)
        if output.as_json:
            document: dict[str, object] = {
                "model": scored.ref,
                "rows": scored.rows,
                "flags": scored.flags,
            }
            if out is None:
                document["answers"] = scored.answers.to_dicts()
            else:
                document["out"] = str(out)
            output.document("predict", document)
        elif out is None:
            say(scored.csv, nl=False)
        else:
            output.line(f"{scored.rows:,} rows scored by {scored.ref} into {out}")
        for told in scored.told:
            output.note(told)
