"""`mlw label import`: answers taken in from Label Studio."""

# ruff: noqa: N999  a command's module has the command's name

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, counted


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--queue", metavar="QUEUE", help="Which queue (default: the newest).")
@common
def command(file: Path, queue: str | None, output: Output) -> None:
    """Take in the annotations of FILE, a project that Label Studio exported as JSON.

    Each annotation is an answer of whom it was completed by; what is known already is left alone,
    and a file that cannot be read whole is refused whole. The file itself is kept.

    \b
    mlw label import project-1.json
    mlw label import project-1.json --queue 2 --json
    """
    with open_project(output) as project:
        found = project.labels.import_tasks(queue, file.read_bytes())
    if output.as_json:
        output.document("label/import", {"imported": found})
        return
    output.line(
        f"{found.queue}: {counted(found.answers, 'answer')} from"
        f" {counted(found.tasks, 'task')}; {found.known} were known"
    )
    output.fields((who, counted(count, "answer")) for who, count in found.by.items())
