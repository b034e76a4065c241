"""`mlw label next`: show the next row, blind, and take the answer."""

from __future__ import annotations

import sys

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.errors import DataError, UsageError


@click.command("next")
@click.argument("queue", required=False)
@click.option("--answer", metavar="VALUE", help="What the target of the row is.")
@click.option("--skip", is_flag=True, help="Say that the row cannot be decided.")
@click.option("--row", metavar="ROW", help="The row that is meant (default: the one shown).")
@click.option("--note", default="", metavar="TEXT", help="Why; kept with the answer.")
@click.option("--as", "person", metavar="NAME", help="Who answers (default: your account).")
@common
def command(
    queue: str | None,
    answer: str | None,
    skip: bool,
    row: str | None,
    note: str,
    person: str | None,
    output: Output,
) -> None:
    """Show the next row of QUEUE (default: the newest), and take the answer.

    ShownRow are the row's other columns alone: not the label it has, not the model's answer, not
    anybody else's. Each person has an order of their own and never gets a row twice. On a
    terminal it asks row after row until nothing is left, or until an empty line.

    --answer is about the row that was shown last; in scripts, and in two terminals of one person,
    --row names it.

    \b
    mlw label next
    mlw label next --as ana --answer yes --note "left in March"
    mlw label next queue/2 --row 7590-VHVEG --skip
    """
    from mlwright.cli.label_view import tell_answered, tell_shown
    from mlwright.flows.labelling.documents import given_document, shown_document

    if skip and answer is not None:
        raise UsageError(
            "options-contradict",
            "--skip says that the row has no answer, --answer that it has one",
            fix="give one of them",
            facts={"options": ["--skip", "--answer"]},
        )
    with open_project(output) as project:
        if answer is None and not skip:
            shown = project.labels.next(queue, person=person)
            if output.as_json:
                output.document("label/next", shown_document(shown))
                return
            if not sys.stdin.isatty():
                tell_shown(output, shown)
                return
            while shown.row is not None:
                tell_shown(output, shown, asking=True)
                typed = click.prompt(shown.target, default="", show_default=False).strip()
                if not typed:
                    return
                value = None if typed == "-" else typed
                try:
                    given, shown = project.labels.answer(
                        shown.queue, value, row=shown.row, person=person
                    )
                except DataError as error:  # a slip of the fingers: the same row again
                    output.warning(f"{error.message}; {error.fix}")
                else:
                    tell_answered(output, given)
            tell_shown(output, shown)
            return
        given, following = project.labels.answer(
            queue, None if skip else answer, row=row, person=person, note=note
        )
    if output.as_json:
        document = {"answer": given_document(given), "next": shown_document(following)}
        output.document("label/answer", document)
    else:
        tell_answered(output, given)
        tell_shown(output, following)
