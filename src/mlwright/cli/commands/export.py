"""`mlw export`: what a run was done with, written out."""

from __future__ import annotations

from pathlib import Path

import click

from mlwright.cli.group import NamingGroup
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.ids import short

_FOLDER = click.Path(path_type=Path, file_okay=False)
_SHOWN = 10


@click.group(cls=NamingGroup)
def command() -> None:
    """Write out what a run was done with: its code, its environment.

    Data versions are handed out by mlw data export.
    """


@command.command()
@click.argument("ref")
@click.argument("folder", type=_FOLDER)
@common
def code(ref: str, folder: Path, output: Output) -> None:
    """Write the code of a run into FOLDER, which is made.

    REF is a run (r_…) or a model, which stands for the run that made it. Every file comes back as
    it stood then, to the last byte, whatever was committed: changed files, those not yet added,
    those of submodules. Nothing is written over.

    \b
    mlw export code churned@1 then
    """
    with open_project(output) as project:
        done = project.export_code(ref, folder)
    state = done.state
    if output.as_json:
        document = {
            "run": done.run,
            "folder": done.folder,
            "files": done.files,
            "commit": state.commit,
            "changed": state.changed,
            "submodules": state.submodules,
            "skipped": state.skipped,
        }
        output.document("export/code", document)
        return
    output.line(f"{done.files:,} files of {short(done.run)} in {done.folder}")
    differs = f", and {len(state.changed)} files that differ from it" if state.changed else ""
    output.line(f"commit  {state.commit}{differs}" if state.commit else f"no commit: {state.why}")
    for line in state.skipped[:_SHOWN]:
        output.line(f"left out  {line}")
    if len(state.skipped) > _SHOWN:
        output.line(f"left out  {len(state.skipped) - _SHOWN} more; --json lists them")


@command.command()
@click.argument("ref")
@click.argument("folder", type=_FOLDER)
@common
def environment(ref: str, folder: Path, output: Output) -> None:
    """Build the environment of a run again in FOLDER, without a network.

    REF is a run (r_…) or a model. The packages come from the wheels that mlw run --keep-wheels
    kept in the project.

    \b
    mlw export environment churned@1 environments
    """
    with open_project(output) as project:
        done = project.export_environment(ref, folder)
    built = done.built
    if output.as_json:
        output.document("export/environment", {"run": done.run, "built": built})
        return
    output.line(f"{len(built.distributions)} packages of {short(done.run)}")
    if built.left:
        output.line(f"not needed, and no wheel was kept: {len(built.left)} others")
    output.line(f"python  {built.python}")
