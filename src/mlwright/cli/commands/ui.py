"""`mlw ui`: the pages, served until they are stopped."""

from __future__ import annotations

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7701,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@common
def command(port: int, output: Output) -> int:
    """Serve the project's pages on this machine, until Ctrl-C.

    They show what is live, what was made, and why; `mlw serve` serves them beside predictions.

    \b
    mlw ui
    mlw ui --port 0 --json     # one line with the address, once pages can be asked for
    """
    from mlwright.cli.serve_view import exit_code
    from mlwright.server.process import serve_pages
    from mlwright.server.records import Place

    with open_project(output) as project:
        folder = project.folder

    def ready(place: Place) -> None:
        if output.as_json:
            output.document("ui", {"address": place.address})
        else:
            output.line(f"pages      {place.address}   (Ctrl-C ends)")

    here = Place("127.0.0.1", port, ())
    asked = serve_pages(folder, here, predict_at=None, parent=None, ready=ready)
    return exit_code(asked)
