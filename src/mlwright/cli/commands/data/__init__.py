"""`mlw data`: bring tables in, list them, compare them, hand them out."""

from __future__ import annotations

from mlwright.cli.group import LazyGroup

COMMANDS = {
    "add": "Read a table into a data version, without training.",
    "ls": "List data versions, newest first.",
    "diff": "Show what differs between two data versions.",
    "repair": "Mend a table by the spec's steps, or undo that.",
    "quarantine": "List the rows that a repair took out of training, and why.",
    "join": "Join a table to another as it was known at each row's time.",
    "export": "Write any data version as Parquet, CSV or a Delta table.",
}

command = LazyGroup(
    name="data",
    help="Bring tables in and look after their versions.",
    commands_help=COMMANDS,
    package="mlwright.cli.commands.data",
)
