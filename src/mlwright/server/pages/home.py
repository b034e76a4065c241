"""Home: is everything well, what is live, what was made and what was answered last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from mlwright.core.errors import MlwrightError
from mlwright.govern.card import said
from mlwright.serve.records import Unread
from mlwright.server.control import Control
from mlwright.server.records import Page

_ROWS = 6
_ENDPOINTS = 20
_PATIENCE = 1.0  # seconds a page waits for the very first look at the project


def home(request: Request, control: Control) -> Page:  # noqa: ARG001  every page has this shape
    """Return the page that says at once whether something needs a person."""
    project = control.project
    health = control.watch.latest(wait=_PATIENCE)
    endpoints = project.listing("endpoints", _ENDPOINTS)
    models = project.listing("models", _ROWS)
    runs = project.listing("runs", _ROWS)
    predictions, unread = _answered(control)
    return Page(
        "home.html",
        "page/home",
        project.name,
        {
            "health": health,
            "attention": _attention(runs, models, endpoints),
            "endpoints": endpoints,
            "changes": {str(row["endpoint"]): _latest_change(row, control) for row in endpoints},
            "models": models,
            "runs": runs,
            "predictions": predictions,
            "unread": unread,
            "events": project.listing("events", _ROWS),
        },
        {"predict_at": control.predict_at},
    )


def _latest_change(row: Mapping[str, object], control: Control) -> object:
    return control.project.role_changes(str(row["endpoint"]))[-1]


def _answered(control: Control) -> tuple[Sequence[Mapping[str, object]], Sequence[str]]:
    """Return the newest predictions, each with what it most likely said, in words.

    Where some cannot be read it is told why: this is the page that says that something is wrong.
    """
    unread: list[Unread] = []
    try:
        rows = control.project.predictions(_ROWS, tell=unread.append)
    except MlwrightError as error:
        return [], [error.message]
    return [{**row, "said": said(row)} for row in rows], [each.message for each in unread]


def _attention(
    runs: Sequence[Mapping[str, object]],
    models: Sequence[Mapping[str, object]],
    endpoints: Sequence[Mapping[str, object]],
) -> list[Mapping[str, object]]:
    """Return what a person may want to act on: each with the id it is about."""
    found: list[Mapping[str, object]] = []
    if runs and runs[0]["status"] == "failed":
        found.append({"id": runs[0]["run"], "what": "the last run failed"})
    live = {str(row["endpoint"]): row["live"] for row in endpoints}
    newest: dict[str, Mapping[str, object]] = {}
    for row in models:
        newest.setdefault(str(row["ref"]).partition("@")[0], row)
    for name, row in newest.items():
        if row["checks"] == "failed":
            found.append({"id": row["ref"], "what": "did not pass all of its checks"})
        elif live.get(name) is None:
            found.append({"id": row["ref"], "what": "passed its checks; no version is live yet"})
        elif live[name] != row["ref"]:
            what = f"passed its checks and waits; {live[name]} is live"
            found.append({"id": row["ref"], "what": what})
    return found
