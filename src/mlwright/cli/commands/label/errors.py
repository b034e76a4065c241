"""`mlw label errors`: labels that are probably wrong."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output

_SHOWN = 10


@click.command()
@click.argument("what")
@click.option(
    "--against", metavar="EARLIER", help="A data version or model to compare label rates with."
)
@click.option("--target", metavar="COLUMN", help="The column that is labelled, without a model.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"Name at most N labels (default: {_SHOWN}; with --json all).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every fault to this file: .csv or .parquet.",
)
@common
def command(
    what: str,
    against: str | None,
    target: str | None,
    limit: int | None,
    out: Path | None,
    output: Output,
) -> None:
    """Name the labels of WHAT, a model or a data version (d_…), that are probably wrong.

    Each row is answered by a model that did not see it; a label that such a model confidently
    contradicts is told, the most suspect first. Errors planted in one slice on purpose are learnt
    and so not contradicted: --against compares the label's rate, slice by slice, with an earlier
    version. Rows of the sealed test part are not looked at.

    \b
    mlw label errors churned
    mlw label errors d_7yq2 --target churned --against d_2x5t
    """
    from mlwright.cli.label_view import suspects_document, tell_suspects
    from mlwright.data.faults import require_format, write_faults

    if out is not None:
        require_format(out)
    flags: dict[str, object] = {} if target is None else {"target": target}
    with open_project(output, flags=flags) as project:
        found = project.labels.errors(what, against=against)
    if out is not None:
        write_faults(found.faults, out)
    if output.as_json:
        output.document("label/errors", suspects_document(found, limit))
    else:
        tell_suspects(output, found, limit or _SHOWN)
