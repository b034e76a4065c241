"""`mlw serve`: answer for the live models over HTTP."""

from __future__ import annotations

import os

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output

_PORT = click.IntRange(0, 65535)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--host", metavar="ADDRESS", help="The address to listen on (default: 127.0.0.1).")
@click.option(
    "--port",
    metavar="PORT",
    type=_PORT,
    help="The port for predictions; 0 takes a free one (7700).",
)
@click.option(
    "--ui-port", metavar="PORT", type=_PORT, help="The port for pages; 0 takes a free one (7701)."
)
@click.option(
    "--workers",
    metavar="COUNT",
    type=click.IntRange(1),
    help="Processes that answer (default: a core).",
)
@click.option(
    "--log",
    type=click.Choice(["durable", "crash-safe", "off"]),
    help="What an answer waits for (default: durable).",
)
@click.option("--no-ui", is_flag=True, help="Serve no pages.")
@common
def command(
    *,
    names: tuple[str, ...],
    host: str | None,
    port: int | None,
    ui_port: int | None,
    workers: int | None,
    log: str | None,
    no_ui: bool,
    output: Output,
) -> int:
    """Answer for every model that is live, or for those named, until Ctrl-C.

    A promotion or a rollback takes effect in about half a second, without a dropped request. With
    --json one document says, once answers are given, where.

    \b
    mlw serve
    mlw serve churned --port 8080 --workers 2 --no-ui
    """
    from mlwright.cli.serve_view import ServeView, exit_code

    flags = {
        "serve.host": host,
        "serve.port": port,
        "serve.ui_port": ui_port,
        "serve.workers": workers,
        "serve.log": log,
    }
    with open_project(output, flags=flags) as project:
        asked = project.serve(
            names=names, pages=not no_ui, listener=ServeView(output), environ=os.environ
        )
    return exit_code(asked)
