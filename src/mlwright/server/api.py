"""The API: each noun as a list in pages and one by one, the documents `mlw show --json` gives."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from mlwright.core.errors import NotFoundError, nearest
from mlwright.core.ids import Noun, noun_of
from mlwright.server.control import Control
from mlwright.server.paging import MOST, asked_page

_NOUNS = {
    "data": Noun.DATA,
    "checks": Noun.CHECK,
    "runs": Noun.RUN,
    "events": Noun.EVENT,
    "predictions": Noun.PREDICTION,
    "labels": Noun.LABEL,
}


def many(request: Request, control: Control) -> Mapping[str, object]:
    """Return a page of a noun's list, newest first, and the address of the next page."""
    noun = request.path_params["noun"]
    found = asked_page(noun, request, control)
    after = None
    if found.next is not None:
        query = {**request.query_params, "cursor": found.next}
        after = f"/api/v1/{noun}?{urlencode(query)}"
    unread = {"unread": found.unread} if found.unread else {}
    return {"schema": f"mlwright/list/{noun}/1", noun: found.rows, "next": after, **unread}


def one(request: Request, control: Control) -> Mapping[str, object]:
    """Return one thing whole.

    Raises
    ------
    NotFoundError
        ``id-unknown`` for what is no id of the noun, ``endpoint-unknown``.
    """
    noun, ref = request.path_params["noun"], request.path_params["ref"]
    if noun == "endpoints":
        return _endpoint(ref, control)
    wanted = _NOUNS.get(noun)
    if wanted is not None and noun_of(ref) is not wanted:
        raise NotFoundError(
            "id-unknown",
            f"{ref!r} is no id of {noun}: those begin with '{wanted.value}_'",
            fix=f"/api/v1/{noun} lists them",
            facts={"id": ref, "noun": noun},
        )
    if noun in ("predictions", "labels"):
        return {"schema": f"mlwright/{noun}/1", "why": control.project.why(ref)}
    shown = control.project.show(ref)
    return {"schema": f"mlwright/show/{shown.kind}/1", **shown.document}


def _endpoint(name: str, control: Control) -> Mapping[str, object]:
    roles = control.project.roles(name)
    if not roles:
        known = [str(row["endpoint"]) for row in control.project.listing("endpoints", MOST)]
        near = nearest(name, known)
        raise NotFoundError(
            "endpoint-unknown",
            f"nothing was ever live as {name!r}" + (f"; did you mean {near!r}?" if near else ""),
            fix="/api/v1/endpoints lists them; mlw promote NAME@VERSION makes one",
            facts={"endpoint": name, "nearest": near},
            looked=[f"{len(known)} endpoints"],
        )
    changes = control.project.role_changes(name)
    return {"schema": "mlwright/endpoint/1", "endpoint": name, "roles": roles, "changes": changes}
