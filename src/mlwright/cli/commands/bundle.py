"""`mlw bundle`: hand a model over, in one file that is proved elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, counted


@click.command()
@click.argument("ref")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write (default: NAME@VERSION.mlw here).",
)
@click.option("--no-data", is_flag=True, help="Leave out the rows; their digests stay.")
@click.option("--wheels", is_flag=True, help="Take the wheels of the environment along.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="One that the receiver keeps: the log as it was then.",
)
@common
def command(
    ref: str,
    out: Path | None,
    no_data: bool,
    wheels: bool,
    checkpoint: Path | None,
    output: Output,
) -> None:
    """Write model REF (NAME, NAME@VERSION or m_…) and all it rests on into one file.

    Its data, code, environment, evaluation, findings and report; what the log has about it, each
    entry with its path to a signed checkpoint; a program that verifies the file without mlwright.
    The same model with nothing new recorded of it gives the same bytes. `mlw prove FILE` makes it
    again where no project is.

    \b
    mlw bundle churned@1
    mlw bundle churned@1 --no-data --out for-the-auditor.mlw
    mlw prove churned@1.mlw --key project.key
    """
    with open_project(output) as project:
        found = project.bundle(ref, out=out, data=not no_data, wheels=wheels, checkpoint=checkpoint)
    manifest = found.manifest
    if output.as_json:
        output.document(
            "bundle",
            {
                "bundle": str(found.path),
                "digest": found.digest,
                "bytes": found.size,
                "subject": manifest.subject,
                "entries": found.entries,
                "objects": found.objects,
                "left_out": manifest.left_out,
                "code": manifest.code,
                "event": found.event,
            },
        )
        return
    output.line(str(found.path))
    output.fields(
        (
            ("model", f"{manifest.subject.ref} ({manifest.subject.model})"),
            ("digest", found.digest),
            (
                "holds",
                f"{counted(found.objects, 'object')},"
                f" {found.entries:,} entries of the log;"
                f" {found.size:,} bytes",
            ),
            *(("left out", said) for said in manifest.left_out),
            ("next", f"mlw audit key --out project.key && mlw prove {found.path.name}"),
        )
    )
