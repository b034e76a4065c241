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


def search(request: Request, control: Control) -> Page:
    """Return what a text may mean; a single meaning is where the box leads at once."""
    text = request.query_params.get("q", "").strip()
    problem = None
    found: Sequence[dict[str, str]] = ()
    if text:
        try:
            found = [_exact(text, control)]
        except MlwrightError as error:
            problem = error
            found = _like(text, error, control)
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


def _like(text: str, error: MlwrightError, control: Control) -> list[dict[str, str]]:
    """Return ids that begin like the text, the nearest name, and names that hold it."""
    candidates = error.facts.get("candidates") or []
    near = error.facts.get("nearest")
    wanted = text.casefold()
    names = [str(row["ref"]) for row in control.project.listing("models", 1_000_000)]
    close = [str(near)] if near else []
    close += [name for name in names if wanted in name.casefold()]
    listed = candidates if isinstance(candidates, list) else []
    said = dict.fromkeys(close, "has a name like this")
    said |= dict.fromkeys(map(str, listed), "begins like this")
    rows = [{"id": each, "what": what, "address": address(each)} for each, what in said.items()]
    return rows[:_MOST]
