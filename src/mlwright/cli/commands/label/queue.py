"""`mlw label queue`: choose rows for people to label."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("what", required=False)
@click.option(
    "--size", type=click.IntRange(1), default=100, metavar="N", help="How many rows (default: 100)."
)
@click.option(
    "--annotators", metavar="NAMES", help="Who may answer, such as ana,ben (default: anybody)."
)
@click.option(
    "--answers",
    type=click.IntRange(1),
    metavar="N",
    help="How many people answer each row (default: all that are named, else 2).",
)
@click.option(
    "--share",
    "shares",
    metavar="WHAT=PART",
    multiple=True,
    help="How much of it is wrong, uncertain and control (default: 40%, 40%, 20%); repeatable.",
)
@click.option(
    "--guideline",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A text file that says how to decide.",
)
@click.option(
    "--predictions", is_flag=True, help="Ask about what WHAT answered as an endpoint instead."
)
@click.option("--target", metavar="COLUMN", help="The column that is labelled, without a model.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Draws the control and orders.")
@common
def command(
    what: str | None,
    size: int,
    annotators: str | None,
    answers: int | None,
    shares: tuple[str, ...],
    guideline: Path | None,
    predictions: bool,
    target: str | None,
    seed: int | None,
    output: Output,
) -> None:
    """Choose rows for people to label, by what an answer is worth.

    WHAT is a model, whose data is meant, or a data version (d_…); without it the queues there are
    get listed. A queue holds rows whose label is probably wrong, rows the model is uncertain
    about, and a random control, which tells how many labels are wrong without bias. Rows are
    judged by models that did not see them; of the sealed test part only the control holds any.
    With --predictions the newest answers of an endpoint are asked about: the uncertain ones, and
    a control that tells how often the model is wrong. A queue's own name tells where it stands.

    \b
    mlw label queue churned --size 200 --annotators ana,ben --guideline how.md
    mlw label queue d_2x5t --target churned --share control=100%
    """
    from mlwright.cli.label_view import read_shares, tell_queue, tell_queues
    from mlwright.flows.labelling.documents import queue_document
    from mlwright.flows.labelling.standing import is_queue

    flags: dict[str, object] = {} if target is None else {"target": target}
    with open_project(output, flags=flags) as project:
        if what is None:
            queues = project.labels.queues()
            if output.as_json:
                output.document("label/queues", {"queues": [queue_document(q) for q in queues]})
            else:
                tell_queues(output, queues)
            return
        if is_queue(what):
            made = project.labels.queue(what)
        else:
            made = project.labels.make(
                what,
                size=size,
                people=() if annotators is None else [n.strip() for n in annotators.split(",")],
                wanted=answers,
                shares=read_shares(shares),
                seed=seed,
                guideline=None if guideline is None else guideline.read_bytes(),
                answered=predictions,
            )
        if output.as_json:
            output.document("label/queue", queue_document(made))
        else:
            tell_queue(output, made)
