"""Labels over HTTP: queues, the next row of a person, answers, agreement, decisions.

Nobody signs in here: who answers is named in the request, and recorded as claimed by whoever runs
this server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request

from mlwright.core.errors import UsageError
from mlwright.flows.labelling.documents import (
    agreement_document,
    applied_document,
    given_document,
    queue_document,
    shown_document,
)
from mlwright.server.control import Control

MOST_BODY = 64 << 10
_ANSWER = {"row", "person", "value", "skip", "note"}
_DECISION = {"row", "person", "value", "reason"}
_LONGEST = 10_000

Document = Mapping[str, object]


async def body_of(request: Request) -> bytes:
    """Return the body of a request, at most 64 KiB of it.

    Raises
    ------
    UsageError
        ``label-request`` for a longer one.
    """
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MOST_BODY:
            raise _request(f"the body is longer than {MOST_BODY:,} bytes")
    return bytes(found)


def queues(request: Request, control: Control) -> Document:  # noqa: ARG001  the routes' signature
    """Return every queue, newest first."""
    found = control.project.labels.queues()
    return {"schema": "mlwright/label/queues/1", "queues": [queue_document(q) for q in found]}


def queue(request: Request, control: Control) -> Document:
    """Return one queue and where it stands."""
    found = control.project.labels.queue(request.path_params["queue"])
    return {"schema": "mlwright/label/queue/1", **queue_document(found)}


def next_row(request: Request, control: Control) -> Document:
    """Return the next row of the person named in the query, blind."""
    labels = control.project.labels
    name = labels.queue(request.path_params["queue"]).name
    person = request.query_params.get("person", "").strip()
    if not person:
        raise _request("the query names no person")
    shown = labels.next(name, person=person)
    return {"schema": "mlwright/label/next/1", **shown_document(shown)}


def agreement(request: Request, control: Control) -> Document:
    """Return how far the annotators of a queue agree."""
    asked = request.query_params
    seed = asked.get("seed", "0")
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 9):
        raise _request(f"the seed {seed[:60]!r} is no whole number of nine digits at most")
    found = control.project.labels.agree(
        request.path_params["queue"], level=asked.get("level"), seed=int(seed)
    )
    return {"schema": "mlwright/label/agree/1", **agreement_document(found)}


def answer(request: Request, body: bytes, control: Control) -> Document:
    """Record a person's answer; return it and the row that follows."""
    sent = _members(body, _ANSWER, {"row", "person"})
    skip = sent.get("skip", False)
    if not isinstance(skip, bool) or skip is ("value" in sent):
        raise _request('it has either a value or "skip": true')
    with control.writable() as project:
        given, following = project.labels.answer(
            request.path_params["queue"],
            None if skip else sent["value"],
            row=_text(sent, "row"),
            person=_text(sent, "person"),
            note=_text(sent, "note") if "note" in sent else "",
        )
    return {
        "schema": "mlwright/label/answer/1",
        "answer": given_document(given),
        "next": shown_document(following),
    }


def decide(request: Request, body: bytes, control: Control) -> Document:
    """Record a third person's decision on a row whose answers differ."""
    sent = _members(body, _DECISION, _DECISION)
    row, person, reason = (_text(sent, name) for name in ("row", "person", "reason"))
    with control.writable() as project:
        given = project.labels.adjudicate(
            request.path_params["queue"], row, sent["value"], reason=reason, person=person
        )
    return {"schema": "mlwright/label/adjudication/1", **given_document(given)}


def apply(request: Request, body: bytes, control: Control) -> Document:
    """Write the settled labels into a new data version."""
    _members(body or b"{}", set(), set())
    with control.writable() as project:
        made = project.labels.apply(request.path_params["queue"])
    return {"schema": "mlwright/label/apply/1", **applied_document(made)}


def _members(body: bytes, known: set[str], needed: set[str]) -> Mapping[str, object]:
    """Return the members of a body that is one JSON object.

    Raises
    ------
    UsageError
        ``label-request``.
    """
    try:
        sent = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise _request("the body is no JSON") from None
    if not isinstance(sent, dict):
        raise _request("the body is no JSON object")
    if odd := sorted(sent.keys() - known):
        raise _request(f"nothing is called {odd[0][:60]!r} here")
    if missing := sorted(needed - sent.keys()):
        raise _request(f"it lacks {missing[0]!r}")
    value = sent.get("value", "")
    if isinstance(value, dict | list) or value is None:
        raise _request("the value is neither text, number nor truth value")
    return cast("Mapping[str, object]", sent)


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _text(sent: Mapping[str, object], name: str) -> str:
    text = sent[name]
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise _request(f"{name!r} is no text, is empty or is too long")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _request(f"{name!r} holds half of a character") from None
    return text


def _request(what: str) -> UsageError:
    return UsageError(
        "label-request",
        f"this is no request about labels: {what}",
        fix='send {"row": …, "person": …, "value": …}; /api/v1/openapi.json describes it',
        facts={"what": what},
    )
