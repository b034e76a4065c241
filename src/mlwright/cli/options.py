"""The options every command has, and the project a command works in."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlwright.cli.output import Output
from mlwright.core.errors import UsageError

if TYPE_CHECKING:
    from mlwright.api.project import Project


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--json``, ``-q``, ``-v`` and ``--project``; it receives ``output``."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="Only the result.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more, tracebacks too.")
    @click.option(
        "--project",
        "project_folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="The project's folder (default: the nearest one upwards).",
    )
    @functools.wraps(function)
    def command(
        *args: Any,
        as_json: bool,
        quiet: bool,
        verbose: bool,
        project_folder: Path | None,
        **kwargs: Any,
    ) -> Any:
        output = Output(as_json=as_json, quiet=quiet, verbose=verbose, folder=project_folder)
        return function(*args, output=output, **kwargs)

    return command


def read_by_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a table is read; each is a setting of ``[data]``."""
    options = (
        click.option("--query", metavar="SQL", help="The query whose answer is the table."),
        click.option(
            "--sheet", metavar="NAME", help="The sheet of a workbook (default: the filled one)."
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            help="The text encoding (default: as its first bytes say, utf-8).",
        ),
        click.option(
            "--separator",
            metavar="CHARACTER",
            help="The field separator of the file (default: found).",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def open_project(
    output: Output,
    *,
    create: bool = False,
    needed: bool = True,
    flags: Mapping[str, object] | None = None,
) -> Project:
    """Open the project a command works in.

    Parameters
    ----------
    create
        Make one in the current folder when none is found, and say so.
    needed
        Without it a command goes on where none is found, and keeps nothing.
    flags
        Settings given on the command line, by ``section.key``.
    """
    from mlwright.api.project import Project

    project = Project.open(
        output.folder,
        create=create,
        needed=needed,
        flags=flags or {},
        environ=os.environ,
        start=Path.cwd(),
    )
    if project.made:
        output.note(f"made a project in {project.folder}")
    return project


def waivers_given(
    context: click.Context,  # noqa: ARG001 - the shape click calls
    parameter: click.Parameter,  # noqa: ARG001
    values: tuple[str, ...],
) -> dict[str, str]:
    """Return reasons by check out of ``CHECK=REASON``; a column's name may hold ``=`` itself.

    Raises
    ------
    UsageError
        ``waive-form``.
    """
    found = {}
    for value in values:
        column, parenthesis, rest = value.partition(")=")
        check, equals, reason = value.partition("=")
        if parenthesis and "(" in column:
            check, equals, reason = column + ")", "=", rest
        if not equals or not check.strip():
            raise UsageError(
                "waive-form",
                f"--waive {value!r} names no check and reason",
                fix="write --waive 'CHECK=REASON', such as --waive 'leak.target=known beforehand'",
                facts={"value": value},
            )
        found[check.strip()] = reason
    return found
