"""`mlw ls`: list things of one noun."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.listing_view import tell_listing
from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output
from mlwright.cli.runs_view import list_runs
from mlwright.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlwright.serve.records import Unread

PREDICTIONS = "predictions"
LABELS = "labels"
RUNS = "runs"
NOUNS = ("models", RUNS, "data", "checks", "events", "endpoints", "steps", PREDICTIONS, LABELS)

_LIMIT = 20


@click.command()
@click.argument("noun", metavar="[NOUN]", type=click.Choice(NOUNS), default="models")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"How many at most (default: {_LIMIT}; with --out all).",
)
@click.option("--where", metavar="CONDITION", help="Runs of which this holds; see below.")
@click.option("--sort", metavar="FIELDS", help="Runs in this order, -FIELD the largest first.")
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
    noun: str,
    limit: int | None,
    out: Path | None,
    output: Output,
    where: str | None,
    sort: str | None,
    **wanted: str | None,
) -> None:
    """List the newest things of a NOUN.

    NOUN is models (unless another is named), runs, data, checks, events, endpoints, steps,
    predictions or labels. An endpoint is a model's name of which some version is live.

    A CONDITION speaks of a run's metrics.NAME (the last value; also .min, .max, .count, .step),
    params.NAME, tags.NAME, name, status, command, started, ended, by and steps, with =, !=, <, <=,
    >, >=, ~ (contains), in (…), and, or, not. A field alone: the run has it.

    \b
    mlw ls
    mlw ls runs --limit 5
    mlw ls runs --where 'metrics.auc > 0.8 and params.depth = 5' --sort -metrics.auc
    mlw ls predictions --flag any --since 2026-11-01
    mlw ls predictions --endpoint churn --out churn.parquet
    """
    if noun != PREDICTIONS:
        _require_none(noun, {**wanted, "out": out})
    if noun == RUNS:
        list_runs(output, where=where, sort=sort, limit=limit or _LIMIT)
        return
    _require_none(noun, {"where": where, "sort": sort}, about=RUNS)
    if out is not None:
        _export(out, limit, output, wanted)
        return
    if noun == PREDICTIONS:
        _predictions(limit or _LIMIT, output, wanted)
        return
    if noun == LABELS:
        _labels(limit or _LIMIT, output)
        return
    with open_project(output) as project:
        tell_listing(output, "ls", noun, project.listing(noun, limit or _LIMIT))


def _labels(limit: int, output: Output) -> None:
    with open_project(output) as project:
        page = project.page(LABELS, limit=limit, cursor=None)
    _tell_unread(page.unread, output)
    if output.as_json:
        rows = [dict(row) for row in page.rows]
        output.document("ls", {"noun": LABELS, LABELS: rows, **_unread(page.unread)})
    elif not page.rows and page.unread:
        output.note("no label can be read")
    else:
        tell_listing(output, "ls", LABELS, page.rows)


def _predictions(limit: int, output: Output, wanted: dict[str, str | None]) -> None:
    unread: list[Unread] = []
    with open_project(output) as project:
        listing = project.predictions(limit, tell=unread.append, **wanted)
    _tell_unread(unread, output)
    if output.as_json:
        rows = [dict(row) for row in listing]
        output.document("ls", {"noun": PREDICTIONS, PREDICTIONS: rows, **_unread(unread)})
    elif not listing and unread:
        output.note("no prediction can be read")
    elif not listing and any(wanted.values()):
        output.note("no prediction is like that; mlw ls predictions lists the newest of all")
    else:
        tell_listing(output, "ls", PREDICTIONS, [_in_words(row) for row in listing])


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


def _require_none(noun: str, options: dict[str, object], about: str = PREDICTIONS) -> None:
    for name, value in options.items():
        if value is not None:
            flag = "--version" if name == "ref" else f"--{name}"
            raise UsageError(
                "option-unfit",
                f"{flag} is about {about}, not about {noun}",
                fix=f"mlw ls {about} {flag} …, or mlw ls {noun} without it",
                facts={"noun": noun, "option": flag},
            )


def _in_words(row: Mapping[str, object]) -> Mapping[str, object]:
    from mlwright.govern.card import said

    shown = {name: value for name, value in row.items() if name != "value"}
    return {**shown, "answer": said(row)}
