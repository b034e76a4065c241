"""A group whose commands are imported only when one is called, so that help stays quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from mlwright.cli.usage import no_command


class NamingGroup(click.Group):
    """A group that names the nearest command when one does not exist."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, and name the nearest one when it does not exist."""
        known = self.list_commands(ctx)
        if not args[0].startswith("-") and args[0] not in known:
            raise no_command(args[0], ctx.command_path, known)
        return super().resolve_command(ctx, args)


class LazyGroup(NamingGroup):
    """Commands by name: the help text is known at once, the module is imported on the first call.

    Parameters
    ----------
    commands_help
        Each command's one line of help, in the order shown.
    package
        The package that holds one module for each command, with ``command`` in it.
    """

    def __init__(
        self, *args: Any, commands_help: Mapping[str, str], package: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._help = dict(commands_help)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names in the order of the work, not of the alphabet."""
        return list(self._help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of one command."""
        if cmd_name not in self._help:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._help.items()))
