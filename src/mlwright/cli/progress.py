"""A progress bar on a terminal, nothing elsewhere; the only module that knows the library."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mlwright.cli.output import Output
from mlwright.train.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Bar:
    """A bar of rich on stderr, with the text of the last advance beside it."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, total: int, text: str) -> None:
        """Show a bar for ``total`` pieces of work."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("search   "),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(text, total=total)
        self._bar.start()

    def advance(self, text: str) -> None:
        """Count one piece of work and show ``text``."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=text)

    def finish(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def progress_for(output: Output) -> Progress:
    """Return a bar when a person is watching, else silence."""
    watched = sys.stderr.isatty() and not output.as_json and not output.quiet
    return Bar() if watched else Silent()
