"""Runs: found by what was logged in them, beside each other."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from mlwright.core.errors import UsageError
from mlwright.flows.listing import Page as Listed
from mlwright.flows.tracking import asked_of, columns_of, not_there
from mlwright.ledger.questions import Field
from mlwright.server.control import Control
from mlwright.server.paging import asked_page
from mlwright.server.records import Page


def runs(request: Request, control: Control) -> Page:
    """Return the runs that meet a condition, in an order, and where the next page begins."""
    where, sort = (request.query_params.get(name, "").strip() for name in ("where", "sort"))
    problem, found = None, Listed((), None)
    asked: tuple[Field, ...] = ()
    try:
        found = asked_page("runs", request, control)
        asked = asked_of(where, sort)
    except UsageError as error:
        if error.code != "where-syntax" or request.url.path.endswith(".json"):
            raise
        problem = error  # told beside what was typed, so that it can be mended there
    lacking = () if found.rows or problem else not_there(control.project.workspace.ledger, asked)
    after = {"where": where, "sort": sort, "cursor": found.next}
    return Page(
        "runs.html",
        "list/runs",
        "Runs",
        {
            "noun": "runs",
            "rows": found.rows,
            "next": found.next,
            "unread": found.unread,
            "where": where,
            "sort": sort,
            "detail": problem.message if problem else None,
            "fix": problem.fix if problem else None,
        },
        {
            "lacking": lacking,
            "metrics": columns_of("metrics", asked, found.rows),
            "params": columns_of("params", asked, found.rows),
            "after": urlencode({name: value for name, value in after.items() if value}),
        },
        status=200 if problem is None else 400,
    )
