"""Lists: the newest things of one noun, page by page."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.server.control import Control
from mlwright.server.pages.runs import runs
from mlwright.server.paging import NOUNS, asked_page
from mlwright.server.records import Page


def things(request: Request, control: Control) -> Page:
    """Return a page of the list that ``mlw ls`` prints, and where the next one begins."""
    noun = request.path_params["noun"]
    if noun == "runs":
        return runs(request, control)
    found = asked_page(noun, request, control)
    return Page(
        "list.html",
        f"list/{noun}",
        noun.capitalize(),
        {"noun": noun, "rows": found.rows, "next": found.next, "unread": found.unread},
        {"columns": list(found.rows[0]) if found.rows else [], "nouns": NOUNS},
    )
