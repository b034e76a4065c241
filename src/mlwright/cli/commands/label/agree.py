"""`mlw label agree`: how far annotators agree, and the decision where they differ."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.errors import UsageError


@click.command()
@click.argument("queue", required=False)
@click.option(
    "--level",
    metavar="LEVEL",
    help="nominal, ordinal or interval (default: classes are nominal, numbers interval).",
)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Draws the intervals.")
@click.option("--row", metavar="ROW", help="The row to decide about.")
@click.option("--answer", metavar="VALUE", help="What the target of that row is.")
@click.option("--reason", metavar="TEXT", help="Why; it is recorded with your name.")
@click.option("--as", "person", metavar="NAME", help="Who decides (default: your account).")
@common
def command(
    queue: str | None,
    level: str | None,
    seed: int,
    row: str | None,
    answer: str | None,
    reason: str | None,
    person: str | None,
    output: Output,
) -> None:
    """Tell how far the annotators of QUEUE (default: the newest) agree, and where they differ.

    Cohen's kappa of two, Fleiss's of several, Krippendorff's alpha of any number with answers
    missing, each with a 95 % bootstrap interval. Only rows with all their answers are looked at.
    With --row, --answer and --reason a third person decides where they differ.

    \b
    mlw label agree
    mlw label agree --row 7590-VHVEG --answer yes --reason "signed the cancellation"
    """
    from mlwright.cli.label_view import tell_adjudicated, tell_agreement
    from mlwright.flows.labelling.documents import agreement_document, given_document

    deciding = {"--row": row, "--answer": answer, "--reason": reason}
    missing = [name for name, value in deciding.items() if value is None]
    if missing and len(missing) < len(deciding):
        raise UsageError(
            "argument-missing",
            f"a decision takes --row, --answer and --reason; {', '.join(missing)} is missing",
            fix=f"give {', '.join(missing)} too",
            facts={"missing": missing},
        )
    with open_project(output) as project:
        if row is not None and answer is not None and reason is not None:
            given = project.labels.adjudicate(queue, row, answer, reason=reason, person=person)
            if output.as_json:
                output.document("label/adjudication", given_document(given))
            else:
                tell_adjudicated(output, given)
            return
        found = project.labels.agree(queue, level=level, seed=seed)
    if output.as_json:
        output.document("label/agree", agreement_document(found))
    else:
        tell_agreement(output, found)
