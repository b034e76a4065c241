"""Lists in pages, as a request asks for them: how many rows, and from where on."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.flows.listing import Page
from mlwright.server.control import Control

NOUNS = ("data", "checks", "runs", "models", "endpoints", "predictions", "labels", "events")
USUAL, MOST = 50, 1000
_DIGITS = 9  # Python refuses to read thousands of them


def asked_page(noun: str, request: Request, control: Control) -> Page:
    """Return the page of a noun that a request asks for with ``limit`` and ``cursor``.

    Runs may be asked for with ``where`` and ``sort`` too.

    Raises
    ------
    NotFoundError
        ``noun-unknown``, naming the nearest; ``cursor-unknown``.
    UsageError
        ``limit-form``, ``where-syntax``
    """
    if noun not in NOUNS:
        near = nearest(noun, NOUNS)
        raise NotFoundError(
            "noun-unknown",
            f"there is no list of {noun!r}" + (f"; did you mean {near!r}?" if near else ""),
            fix="ask for one of: " + ", ".join(NOUNS),
            facts={"noun": noun, "nearest": near},
        )
    query = request.query_params
    limit = _limit(query.get("limit"))
    if noun == "runs":
        where, sort = query.get("where"), query.get("sort")
        return control.project.runs_page(
            where=where, sort=sort, limit=limit, cursor=query.get("cursor")
        )
    return control.project.page(noun, limit=limit, cursor=query.get("cursor"))


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS and 1 <= int(text) <= MOST:
        return int(text)
    raise UsageError(
        "limit-form",
        f"limit is a whole number from 1 to {MOST}, not {text[:40]!r}",
        fix=f"limit={USUAL}",
        facts={"limit": text[:40]},
    )
