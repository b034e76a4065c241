"""The exact bytes of an event: what is hashed into the log, and the event read back from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from mlwright.core.digest import is_digest
from mlwright.core.encoding import canonical_json
from mlwright.core.ids import event_id
from mlwright.core.merkle import leaf_hash
from mlwright.ledger.records import Event, NewEvent

_VERSION = 1
_PARTS = {
    "sequence": int,
    "time": str,
    "actor": str,
    "kind": str,
    "subject": str,
    "facts": dict,
    "uses": list,
    "objects": list,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An event encoded up to its place, time and actor, so that the encoding needs no lock.

    The parts are joined in the order of the keys: actor, facts, kind, objects, sequence,
    subject, time, uses, v.
    """

    event: NewEvent
    facts: Mapping[str, object]
    before: bytes
    subject: bytes
    after: bytes

    def place(self, *, sequence: int, time: str, actor: str) -> Event:
        """Return the event at its place in the log, with its bytes and their leaf hash."""
        body = b'{"actor":%b,%b,"sequence":%d,"subject":%b,"time":%b,%b}' % (
            _text(actor),
            self.before,
            sequence,
            self.subject,
            _text(time),
            self.after,
        )
        return Event(
            sequence=sequence,
            id=event_id(sequence),
            time=time,
            actor=actor,
            kind=self.event.kind,
            subject=self.event.subject,
            facts=self.facts,
            uses=tuple(self.event.uses),
            objects=tuple(self.event.objects),
            body=body,
            leaf=leaf_hash(body),
        )


def draft(event: NewEvent) -> Draft:
    """Return an event encoded, all but its place.

    Raises
    ------
    TypeError, ValueError
        When the event holds what cannot be recorded: facts that are not JSON, a NaN, an object
        that is no digest, an empty kind or subject.
    """
    for text in (event.kind, event.subject, *event.uses):
        if not isinstance(text, str) or not text:
            raise ValueError(f"an event's kind, subject and uses are text, not {text!r}")
        text.encode()  # a lone surrogate fails here, not in the database
    for digest in event.objects:
        if not is_digest(digest):
            raise ValueError(f"an event names its objects by digest, not as {digest!r}")
    before = canonical_json(
        {"facts": event.facts, "kind": event.kind, "objects": event.objects},
    )
    return Draft(
        event=event,
        facts=cast("Mapping[str, object]", json.loads(before)["facts"]),
        before=before[1:-1],
        subject=_text(event.subject),
        after=canonical_json({"uses": event.uses, "v": _VERSION})[1:-1],
    )


@lru_cache(maxsize=64)
def _text(text: str) -> bytes:
    return canonical_json(text)


def read_body(body: bytes) -> Event:
    """Return the event behind its bytes.

    Raises
    ------
    ValueError
        When the bytes are no event of this format.
    """
    try:
        content = json.loads(body)
    except RecursionError:
        raise ValueError("the bytes are nested without end") from None
    if not isinstance(content, dict) or content.pop("v", None) != _VERSION:
        raise ValueError("the bytes are no event of this format")
    fits = content.keys() == _PARTS.keys() and all(
        isinstance(content[name], kind) for name, kind in _PARTS.items()
    )
    if not fits or not all(isinstance(t, str) for t in (*content["uses"], *content["objects"])):
        raise ValueError(f"the event has other parts than {', '.join(_PARTS)}")
    return Event(
        sequence=content["sequence"],
        id=event_id(content["sequence"]),
        time=content["time"],
        actor=content["actor"],
        kind=content["kind"],
        subject=content["subject"],
        facts=content["facts"],
        uses=tuple(content["uses"]),
        objects=tuple(content["objects"]),
        body=body,
        leaf=leaf_hash(body),
    )


def tells(body: bytes, sequence: int, kind: object, subject: object) -> bool:
    """Tell whether bytes in their canonical form are an event of this place, kind and subject.

    Facts are not read: a quote inside a text is escaped, so that the last ``,"kind":`` is the
    event's own, and no list or object stands between it and the subject but the digests.
    """
    if not isinstance(kind, str) or not isinstance(subject, str):
        return False
    tail = body[body.rfind(b',"kind":') :]
    placed = b'],"sequence":%d,"subject":%b,"time":"' % (sequence, _text(subject))
    return tail.startswith(b',"kind":%b,"objects":[' % _text(kind)) and placed in tail


def is_canonical(body: bytes) -> bool:
    """Tell whether the bytes are the one canonical form of what they say."""
    return canonical_json(json.loads(body)) == body
