"""`mlw label export`: a queue handed out to Label Studio."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, counted, say
from mlwright.core.files import write_durably


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--queue", metavar="QUEUE", help="Which queue (default: the newest).")
@click.option("--no-answers", is_flag=True, help="Leave out what was answered.")
@click.option(
    "--with-model", is_flag=True, help="Add the model's answers: who sees them is not blind."
)
@common
def command(
    file: Path, queue: str | None, no_answers: bool, with_model: bool, output: Output
) -> None:
    """Write a queue to FILE (- for standard output) as Label Studio tasks, in JSON.

    Each task holds a row's other columns and, in "meta", its id. Answers are added for rows that
    have all of them.

    \b
    mlw label export tasks.json
    mlw label export tasks.json --queue 2 --no-answers
    """
    with open_project(output) as project:
        tasks = project.labels.export_tasks(queue, answers=not no_answers, model=with_model)
    text = json.dumps(tasks, ensure_ascii=False, indent=1)
    if str(file) == "-":
        say(text)
        return
    write_durably(file, (text + "\n").encode())
    if output.as_json:
        output.document("label/export", {"file": str(file), "tasks": len(tasks)})
    else:
        output.line(f"wrote {counted(len(tasks), 'task')} to {file}")
