"""`mlw audit`: hand out what an auditor needs to verify the log without us."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.group import NamingGroup
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, say
from mlwright.core.files import write_durably


@click.group(cls=NamingGroup)
def command() -> None:
    """Hand out what an auditor needs to verify the log.

    A checkpoint held outside the project is what makes later tampering show: keep one.
    """


@command.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write.")
@common
def checkpoint(out: Path | None, output: Output) -> None:
    """Print the signed checkpoint of the log as it is now.

    \b
    mlw audit checkpoint --out checkpoint.txt
    mlw prove audit --checkpoint checkpoint.txt
    """
    with open_project(output) as project:
        _give(project.checkpoint(), out, output, "checkpoint")


@command.command("key")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write.")
@common
def public_key(out: Path | None, output: Output) -> None:
    """Print the public key that checkpoints are verified with."""
    with open_project(output) as project:
        _give(project.public_key(), out, output, "key")


@command.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write.")
@click.option("--bundle", is_flag=True, help="The one that verifies what mlw bundle wrote.")
@common
def verifier(out: Path | None, bundle: bool, output: Output) -> None:
    """Print a program that verifies the log, or one for a bundle.

    It is short, to be read before it is trusted, and imports nothing of ours.
    """
    from importlib.resources import files

    package, name = ("mlwright.ledger", "standalone_verifier.py")
    if bundle:
        package, name = ("mlwright.govern.bundle", "verifier.py")
    text = files(package).joinpath(name).read_text("utf-8")
    _give(text, out, output, "verifier")


def _give(text: str, out: Path | None, output: Output, name: str) -> None:
    if out is not None:
        write_durably(out, (text if text.endswith("\n") else text + "\n").encode())
        output.note(f"wrote {out}")
    elif output.as_json:
        output.document("audit", {name: text})
    else:
        say(text, nl=not text.endswith("\n"))
