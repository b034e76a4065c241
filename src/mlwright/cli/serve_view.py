"""How serving looks: what can be asked and how, then only what has to be told."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, say
from mlwright.core.encoding import plain
from mlwright.core.errors import ExitCode, MlwrightError

if TYPE_CHECKING:
    from mlwright.flows.serving import Serving

_WIDTH = 10
_LOGS = {
    "durable": "durable: each answer's record is on disk before it is sent",
    "crash-safe": "crash-safe: each answer's record outlives the process, not a loss of power",
    "off": "off: nothing is recorded, answers have no id and cannot be explained later",
}


@dataclass(slots=True)
class ServeView:
    """Tells once what is served, and then whatever goes wrong; one document with ``--json``.

    ``run`` is the document of the run that made what is served: then that one holds this one.
    """

    output: Output
    run: Mapping[str, object] | None = None

    def ready(self, serving: Serving) -> None:
        """Tell what can be asked, and how to end it."""
        if self.output.as_json and self.run is not None:
            self.output.document("run", {**self.run, "serving": serve_document(serving)})
        elif self.output.as_json:
            self.output.document("serve", serve_document(serving))
        else:
            for label, text in _lines(serving):
                self.output.line(f"{click.style(label.ljust(_WIDTH), bold=True)} {text}")
        sys.stdout.flush()

    def told(self, error: MlwrightError) -> None:
        """Tell what happened beside the answers, on stderr."""
        if not self.output.quiet:
            say(f"{click.style('told', bold=True)}  [{error.code}] {error.message}", err=True)
            say(f"  {click.style('next', bold=True)}: {error.fix}", err=True)


def serve_document(serving: Serving) -> dict[str, object]:
    """Return the JSON document of `mlw serve`."""
    return {
        "address": serving.address,
        "ui": serving.ui,
        "log": serving.log,
        "workers": serving.workers,
        "pid": serving.pid,
        "models": plain(serving.models),
        "example": serving.example,
        "stop": f"kill {serving.pid}",
    }


def exit_code(asked: int | None) -> int:
    """Return what serving ends with: interrupted by Ctrl-C, done when told to end."""
    return int(ExitCode.INTERRUPTED if asked == signal.SIGINT else ExitCode.DONE)


def _lines(serving: Serving) -> list[tuple[str, str]]:
    first, *others = (f"{model.ref}  {model.url}" for model in serving.models)
    lines = [("serving", first), *(("", text) for text in others)]
    lines += [("slow", f"{m.endpoint}: {m.slow}") for m in serving.models if m.slow is not None]
    if serving.ui is not None:
        lines.append(("pages", serving.ui))
    count = "1 worker" if serving.workers == 1 else f"{serving.workers} workers"
    lines += [
        ("log", _LOGS[serving.log]),
        ("try", serving.example),
        ("stop", f"Ctrl-C, or kill {serving.pid}; {count} end what they have begun"),
    ]
    return lines
