"""`mlw ls`: list things of one noun."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.core.errors import UsageError
from mlwright.core.ids import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlwright.serve.records import Unread

PREDICTIONS = "predictions"
NOUNS = ("models", "runs", "data", "checks", "events", "endpoints", "steps", PREDICTIONS)

_LIMIT = 20
_STARTS = {
    "endpoints": 'mlw promote NAME@VERSION --to live --reason "…"',
    PREDICTIONS: "mlw serve",
}
"""What makes the first of a noun, where it is not a run."""


@click.command()
@click.argument("noun", metavar="[NOUN]", type=click.Choice(NOUNS), default="models")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"How many at most (default: {_LIMIT}; with --out all).",
)
@click.option("--since", metavar="WHEN", help="Predictions from a date or time on, UTC.")
@click.option("--until", metavar="WHEN", help="Predictions up to the end of a date, or a time.")
@click.option("--endpoint", metavar="NAME", help="Predictions of an endpoint.")
@click.option("--version", "ref", metavar="NAME@VERSION", help="Predictions of a version.")
@click.option(
    "--flag",
    type=click.Choice(("any", "unseen", "out-of-range", "null")),
    help="Predictions with such a cell out of contract.",
)
@click.option(
    "--out",
    metavar="FILE.parquet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the predictions, with their input, to a file.",
)
@common
def command(
    noun: str, limit: int | None, out: Path | None, output: Output, **wanted: str | None
) -> None:
    """List the newest things of a NOUN.

    NOUN is models (unless another is named), runs, data, checks, events, endpoints, steps or
    predictions. An endpoint is a model's name of which some version is live.

    \b
    mlw ls
    mlw ls runs --limit 5
    mlw ls predictions --flag any --since 2026-11-01
    mlw ls predictions --endpoint churn --out churn.parquet
    """
    if noun != PREDICTIONS:
        _require_none(noun, {**wanted, "out": out})
    if out is not None:
        _export(out, limit, output, wanted)
        return
    unread: list[Unread] = []
    with open_project(output) as project:
        if noun == PREDICTIONS:
            listing = project.predictions(limit or _LIMIT, tell=unread.append, **wanted)
        else:
            listing = project.listing(noun, limit or _LIMIT)
    _tell_unread(unread, output)
    if output.as_json:
        rows = [dict(row) for row in listing]
        output.document("ls", {"noun": noun, noun: rows, **_unread(unread)})
    elif not listing and unread:
        output.note("no prediction can be read")
    elif not listing and any(wanted.values()):
        output.note("no prediction is like that; mlw ls predictions lists the newest of all")
    elif not listing:
        start = _STARTS.get(noun, "mlw run FILE --target COLUMN")
        output.note(f"no {noun} yet; start with: {start}")
    else:
        columns = [name for name in listing[0] if noun != PREDICTIONS or name != "value"]
        said = [_said(row) for row in listing] if noun == PREDICTIONS else listing
        output.table(columns, ([_cell(row[name]) for name in columns] for row in said))


def _export(out: Path, limit: int | None, output: Output, wanted: dict[str, str | None]) -> None:
    unread: list[Unread] = []
    with open_project(output) as project:
        count = project.export_predictions(out, limit, tell=unread.append, **wanted)
    _tell_unread(unread, output)
    if output.as_json:
        told = {"noun": PREDICTIONS, "out": str(out), "count": count, **_unread(unread)}
        output.document("ls", told)
    else:
        output.line(f"{count:,} predictions written to {out}")


def _tell_unread(unread: Sequence[Unread], output: Output) -> None:
    for each in unread:
        output.warning(f"segment {each.segment} is left out: {each.message}")


def _unread(unread: Sequence[Unread]) -> dict[str, object]:
    return {"unread": unread} if unread else {}


def _require_none(noun: str, options: dict[str, object]) -> None:
    for name, value in options.items():
        if value is not None:
            flag = "--version" if name == "ref" else f"--{name}"
            raise UsageError(
                "option-unfit",
                f"{flag} is about predictions, not about {noun}",
                fix=f"mlw ls predictions {flag} …, or mlw ls {noun} without it",
                facts={"noun": noun, "option": flag},
            )


def _said(row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a prediction's row with its answer in words: the class and its share, or a number."""
    answer = cast("list[float]", row["answer"])
    if row["value"] is None:
        return row
    share = f" ({max(answer):.1%})" if len(answer) > 1 else ""
    return {**row, "answer": f"{_cell(row['value'])}{share}"}


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "-"
    text = str(value)
    return short(text) if len(text) > 20 and text[1:2] == "_" else text
