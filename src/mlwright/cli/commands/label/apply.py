"""`mlw label apply`: the settled labels as a new data version."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("queue", required=False)
@click.option(
    "--onto", metavar="DATA", help="The data version to correct (default: the queue's own)."
)
@common
def command(queue: str | None, onto: str | None, output: Output) -> None:
    """Write the settled labels of QUEUE (default: the newest) into a new data version.

    Settled is a row whose answers agree, or that a third person decided. Rows keep their ids, so
    a row stays in its part of the split; mlw why d_… and mlw why ROW tell who said what, when
    and under which guideline. Applied again later, what was settled since is added. --onto corrects
    a version that another queue's labels made. Predictions become a table with their truth.

    \b
    mlw label apply
    mlw label apply queue/2 --json
    """
    from mlwright.cli.label_view import tell_applied
    from mlwright.flows.labelling.documents import applied_document

    with open_project(output) as project:
        made = project.labels.apply(queue, onto=onto)
    if output.as_json:
        output.document("label/apply", applied_document(made))
    else:
        tell_applied(output, made)
