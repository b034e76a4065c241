"""What a command prints: text for a person, or one JSON document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import click

from mlwright.core.encoding import plain


@dataclass(frozen=True, slots=True)
class Output:
    """How one command speaks: the result on stdout, everything else on stderr."""

    as_json: bool
    quiet: bool
    verbose: bool
    folder: Path | None

    def document(self, schema: str, content: Mapping[str, object]) -> None:
        """Print the one JSON document of a command, with its schema first."""
        document = {"schema": f"mlwright/{schema}/1", **content}
        say(json.dumps(plain(document), ensure_ascii=False, allow_nan=False))

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Let what code of the user's own prints go to stderr, where the document is on stdout."""
        with redirect_stdout(sys.stderr) if self.as_json else nullcontext():
            yield

    def line(self, text: str = "") -> None:
        """Print a line of the result, for a person."""
        if not self.as_json:
            say(text)

    def note(self, text: str) -> None:
        """Say something beside the result, on stderr; silent with ``-q``."""
        if not self.quiet:
            say(click.style(text, dim=True), err=True)

    def warning(self, text: str) -> None:
        """Say on stderr what is missing from the result; ``-q`` does not silence it."""
        say(f"{click.style('warning', fg='yellow')}: {text}", err=True)

    def heading(self, text: str) -> None:
        """Print a heading of the result."""
        self.line(click.style(text, bold=True))

    def fields(self, rows: Iterable[tuple[str, str]]) -> None:
        """Print names and values in two columns."""
        rows = list(rows)
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            first, *rest = value.split("\n")
            self.line(f"  {click.style(name.ljust(width), dim=True)}  {first}")
            for continued in rest:
                self.line(f"  {' ' * width}  {continued}")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows under their column names, each column as wide as it needs."""
        body = [[str(cell) for cell in row] for row in rows]
        widths = [
            max(len(name), *(len(row[i]) for row in body)) if body else len(name)
            for i, name in enumerate(columns)
        ]
        self.line("  " + click.style(_aligned(columns, widths), dim=True))
        for row in body:
            self.line("  " + _aligned(row, widths))


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Write to stdout or stderr; once its reader has gone away (``mlw run … | head``), to nobody.

    Work that was begun goes on to its end and keeps its own exit code.
    """
    try:
        click.echo(text, err=err, nl=nl)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
        os.close(nowhere)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def counted(number_of: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there is not one.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def mark(outcome: str) -> str:
    """Return an outcome with the colour people expect of it."""
    colours = {
        "pass": "green",
        "exact": "green",
        "good": "green",
        "equivalent": "yellow",
        "warn": "yellow",
        "waived": "yellow",
        "fail": "red",
        "different": "red",
    }
    return click.style(outcome, fg=colours.get(outcome), bold=outcome in ("fail", "different"))


def number(value: float) -> str:
    """Return a number in the digits a person reads.

    >>> number(0.83412), number(1234.56), number(0.000012)
    ('0.8341', '1,235', '1.2e-05')
    """
    if value != value:
        return "not defined"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size == 0 or size >= 0.001:
        return f"{value:.4f}" if size < 10 else f"{value:.4g}"
    return f"{value:.2g}"


def interval(value: float, low: float, high: float) -> str:
    """Return a value with its 95 % interval.

    >>> interval(0.8312, 0.8251, 0.8374)
    '0.8312 (95 %: 0.8251 to 0.8374)'
    """
    if value != value:
        return number(value)
    return f"{number(value)} (95 %: {number(low)} to {number(high)})"
