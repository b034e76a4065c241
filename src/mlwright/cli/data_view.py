"""What `mlw data add` tells: the version, where it came from and what was normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted

if TYPE_CHECKING:
    from mlwright.flows.ingesting import Added


def tell_added(output: Output, added: Added) -> None:
    """Print a data version that was just read, for a person."""
    snapshot = added.snapshot
    state = "new" if added.new else "these rows were known"
    output.line(
        f"{click.style(snapshot.id, bold=True)}  {counted(snapshot.rows, 'row')} x"
        f" {counted(len(snapshot.columns), 'column')} from {added.source.address}  ({state})"
    )
    if added.source.files is not None:
        output.line(f"  one table from {counted(added.source.files, 'file')}")
    for reading in snapshot.readings:
        where = f"{reading.column}: " if reading.column else ""
        output.line(f"  {where}{reading.what} ({reading.count:,})")
    output.note(f"next: mlw check data {snapshot.id}, or mlw show {snapshot.id}")


def document_of(added: Added) -> dict[str, object]:
    """Return the JSON document of `mlw data add`."""
    snapshot = added.snapshot
    return {
        "data": snapshot.id,
        "digest": snapshot.digest,
        "new": added.new,
        "rows": snapshot.rows,
        "columns": snapshot.columns,
        "key": snapshot.key,
        "source": added.source,
        "readings": snapshot.readings,
    }
