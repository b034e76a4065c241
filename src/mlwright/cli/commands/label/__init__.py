"""`mlw label`: ask people about rows, hold their answers together, and keep what they settle."""

from __future__ import annotations

from mlwright.cli.group import LazyGroup

COMMANDS = {
    "queue": "Choose rows for people to label, or list the queues.",
    "next": "Show the next row, blind, and take the answer.",
    "agree": "Tell how far annotators agree, and decide where they differ.",
    "apply": "Write the settled labels into a new data version.",
    "errors": "Name the labels that are probably wrong.",
    "guideline": "Show or change what annotators go by.",
    "import": "Take in answers from Label Studio.",
    "export": "Hand a queue out to Label Studio.",
}

command = LazyGroup(
    name="label",
    help="Have people label rows, blind and agreed, and keep what they settle.",
    commands_help=COMMANDS,
    package="mlwright.cli.commands.label",
)
