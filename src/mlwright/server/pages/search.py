"""Search: one box that takes any id or name and leads to its page."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from mlwright.core.errors import MlwrightError
from mlwright.core.ids import noun_of
from mlwright.server.control import Control
from mlwright.server.links import address, model_page
from mlwright.server.records import Page

_MOST = 12
_SEARCHED = 10_000  # versions whose names are looked through


def search(request: Request, control: Control) -> Page:
    """Return what a text may mean; a single meaning is where the box leads at once."""
    text = request.query_params.get("q", "").strip()
    typing = "hx-request" in request.headers
    problem = None
    found: Sequence[dict[str, str]] = ()
    if typing and noun_of(text) is None:
        found = _named_like(text, control)  # a row is looked for once the text is whole
    elif text:
        try:
            found = [_exact(text, control)]
        except MlwrightError as error:
            problem = error
            found = _meant(text, error, control)
    return Page(
        "search.html",
        "page/search",
        f"Search for {text}" if text else "Search",
        {
            "q": text,
            "found": found,
            "detail": problem.message if problem else None,
            "fix": problem.fix if problem else None,
        },
        {"exact": found[0]["address"] if found and problem is None else None},
    )


def _exact(text: str, control: Control) -> dict[str, str]:
    explained = control.project.why(text)
    named = explained.kind == "model" and noun_of(text) is None
    page = model_page(text) if named else address(explained.id)
    return {"id": text if named else explained.id, "what": explained.what, "address": page}


def _meant(text: str, error: MlwrightError, control: Control) -> list[dict[str, str]]:
    """Return ids that begin like the text, the nearest name, and names that hold it."""
    candidates = error.facts.get("candidates")
    near = error.facts.get("nearest")
    listed = [str(each) for each in candidates] if isinstance(candidates, list) else []
    begins = [_row(each, "begins like this") for each in listed]
    close = [_row(str(near), "has a name like this")] if near else []
    rows = [*begins, *close, *_named_like(text, control)]
    return list({row["id"]: row for row in rows}.values())[:_MOST]


def _named_like(text: str, control: Control) -> list[dict[str, str]]:
    wanted = text.casefold()
    names = [str(row["ref"]) for row in control.project.listing("models", _SEARCHED)]
    found = [_row(name, "model") for name in names if wanted and wanted in name.casefold()]
    return found[:_MOST]


def _row(identifier: str, what: str) -> dict[str, str]:
    return {"id": identifier, "what": what, "address": address(identifier)}
