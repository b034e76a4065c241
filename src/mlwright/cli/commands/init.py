"""`mlw init`: make a project here."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common
from mlwright.cli.output import Output


@click.command()
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--source", metavar="FILE", help="The table to learn from.")
@click.option("--name", metavar="NAME", help="The model's name.")
@common
def command(target: str | None, source: str | None, name: str | None, output: Output) -> None:
    """Make a project here: a spec to edit, mlwright.toml, and a folder for its state, .mlwright.

    Not needed to begin: `mlw run` makes a project where there is none.

    \b
    mlw init --source customers.csv --target churned
    """
    from mlwright.api.project import Project

    folder = output.folder or Path.cwd()
    with Project.init(folder, source=source, target=target, name=name) as project:
        spec = project.folder / "mlwright.toml"
        if output.as_json:
            output.document("init", {"folder": str(project.folder), "spec": str(spec)})
        else:
            output.line(f"made {spec}")
            output.line("next  edit it, then: mlw run")
