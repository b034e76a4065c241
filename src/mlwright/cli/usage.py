"""Command lines that cannot be read, told as every other error is."""

from __future__ import annotations

import click

from mlwright.core.errors import UsageError, nearest


def told(error: click.ClickException) -> UsageError:
    """Return what click could not read as an error of ours, with the command that helps."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "mlw"
    fix = f"`{path} --help` shows how it is called"
    facts: dict[str, object] = {"command": path}
    message = _sentence(error)
    if isinstance(error, click.NoSuchOption):
        return _no_option(error, context, path)
    if isinstance(error, click.MissingParameter):
        facts["missing"] = error.param.name if error.param else None
        return UsageError("argument-missing", f"{path}: {message}", fix=fix, facts=facts)
    if isinstance(error, click.BadParameter):
        facts["argument"] = error.param.name if error.param else None
        if near := _nearest_choice(error.param, message):
            message += f"; did you mean {near!r}?"
        return UsageError("argument-value", f"{path}: {message}", fix=fix, facts=facts)
    return UsageError("usage", f"{path}: {message}", fix=fix, facts=facts)


def no_command(name: str, group: str, known: list[str]) -> UsageError:
    """Return the error for a command that does not exist, naming the nearest one."""
    near = nearest(name, known)
    return UsageError(
        "command-unknown",
        f"{group} has no command {name!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"{group} {near}" if near else f"`{group} --help` lists every command",
        facts={"command": name, "nearest": near},
    )


def _no_option(error: click.NoSuchOption, context: click.Context | None, path: str) -> UsageError:
    near = error.possibilities[0] if error.possibilities else None
    fix = f"{path} {near}; `{path} --help` lists all" if near else f"`{path} --help` lists them all"
    if context is not None and isinstance(context.command, click.Group):
        near = None
        fix = f"options come after the command: {path} COMMAND {error.option_name}"
    return UsageError(
        "option-unknown",
        f"{path} has no option {error.option_name!r}"
        + (f"; did you mean {near!r}?" if near else ""),
        fix=fix,
        facts={"command": path, "option": error.option_name, "nearest": near},
    )


def _nearest_choice(parameter: click.Parameter | None, message: str) -> str | None:
    """Return the choice closest to what was given, which click tells in its message alone."""
    if parameter is None or not isinstance(parameter.type, click.Choice):
        return None
    given = message.partition(": '")[2].partition("' is not one of")[0]
    return nearest(given, [str(choice) for choice in parameter.type.choices])


def _sentence(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    return text[:1].lower() + text[1:]
