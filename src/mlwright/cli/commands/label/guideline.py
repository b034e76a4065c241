"""`mlw label guideline`: show or change what annotators go by."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False
)
@click.option("--queue", metavar="QUEUE", help="Which queue (default: the newest).")
@common
def command(file: Path | None, queue: str | None, output: Output) -> None:
    """Show the guideline of a queue, or make FILE its guideline from now on.

    Each version is kept by its digest, and each answer says which one it was given under. A
    change tells which answers were given under another.

    \b
    mlw label guideline
    mlw label guideline how-to-decide.md
    """
    from mlwright.cli.label_view import tell_guideline, tell_guideline_change
    from mlwright.flows.labelling.documents import guideline_document

    with open_project(output) as project:
        if file is None:
            history, text = project.labels.guideline(queue)
            if output.as_json:
                output.document("label/guideline", {"versions": history, "text": text})
            else:
                tell_guideline(output, history, text)
            return
        changed = project.labels.change_guideline(queue, file.read_bytes())
    if output.as_json:
        output.document("label/guideline", guideline_document(changed))
    else:
        tell_guideline_change(output, changed)
