"""Start the control plane as a process of its own: ``python -m mlwright.server --project DIR``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mlwright.core.errors import MlwrightError
from mlwright.server.process import serve_pages
from mlwright.server.records import Place


def main(arguments: list[str]) -> int:
    """Serve until told to stop; print one line of JSON on stdout once requests are taken."""
    given = _parser().parse_args(arguments)
    try:
        serve_pages(
            given.project,
            Place(given.host, given.port, tuple(given.name)),
            predict_at=given.predict_at,
            parent=given.parent_fd,
            ready=_ready,
        )
    except MlwrightError as error:
        print(f"error {error}\n  next: {error.fix}", file=sys.stderr)  # noqa: T201  its own log
        return int(error.exit_code)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mlwright.server", description=__doc__)
    parser.add_argument("--project", type=Path, required=True, help="the project's folder")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=7701, help="the port; 0 takes a free one")
    parser.add_argument(
        "--name", action="append", default=[], help="a further host name to answer to; repeatable"
    )
    parser.add_argument("--predict-at", help="the data plane's address, to be shown")
    parser.add_argument(
        "--parent-fd", type=int, help="the read end of a pipe; its end is the end of this process"
    )
    return parser


def _ready(place: Place) -> None:
    document = {"schema": "mlwright/ui/1", "address": place.address}
    print(json.dumps(document), flush=True)  # noqa: T201  the one line a parent waits for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
