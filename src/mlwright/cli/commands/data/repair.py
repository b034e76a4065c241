"""`mlw data repair`: the spec's steps carried out on a table, or undone."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.argument("what", required=False)
@click.option("--undo", is_flag=True, help="Put back what the repair that made WHAT touched.")
@common
def command(what: str | None, undo: bool, output: Output) -> None:
    """Mend a table by the steps of [data] repair, without training.

    WHAT is a data version (d_…); without it, the table that mlwright.toml names. Each step's rows
    and what they held before are recorded; rows keep their ids. mlw run does the same by itself.

    With --undo, WHAT is a repaired version: the version it was made from is made again from it and
    the record, and compared. Nothing is changed; take a step out of mlwright.toml to run without
    it.

    \b
    mlw data repair
    mlw data repair --undo d_…
    """
    from mlwright.cli.mending_view import repaired_document, tell_repaired, tell_undone
    from mlwright.core.errors import UsageError

    with open_project(output, create=not undo) as project:
        if not undo:
            repaired = project.repair(what)
            if output.as_json:
                output.document("data/repair", repaired_document(repaired))
            else:
                tell_repaired(output, repaired)
            return
        if what is None:
            raise UsageError(
                "argument-missing",
                "which repair is to be undone?",
                fix="name the repaired version: mlw data repair --undo d_…; mlw data ls lists them",
            )
        undone = project.undo_repair(what)
        if output.as_json:
            output.document("data/undo", {"undone": undone})
        else:
            tell_undone(output, undone)
