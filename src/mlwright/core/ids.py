"""Ids: a prefix that names the noun, then base32 of a digest or of random bits."""

from __future__ import annotations

import base64
import re
from enum import Enum

from mlwright.core.digest import Digest, to_raw
from mlwright.core.errors import UsageError
from mlwright.core.seam import Seam

_LENGTH = 26  # 130 bits of a digest: short to copy, too long to collide
_SHORT = 10


class Noun(str, Enum):
    """The eight nouns that have ids, by prefix."""

    DATA = "d"
    CHECK = "c"
    RUN = "r"
    MODEL = "m"
    PREDICTION = "p"
    LABEL = "l"
    EVENT = "e"


_LISTED = {
    Noun.DATA: "mlw ls data lists them",
    Noun.CHECK: "mlw ls checks lists them",
    Noun.RUN: "mlw ls runs lists them",
    Noun.MODEL: "mlw ls models lists them",
    Noun.EVENT: "mlw ls events lists them",
}

_ID = re.compile(r"(?P<noun>[dcrmpl])_[a-z2-7]{1,26}|(?P<event>e)_(?:0|[1-9][0-9]*)")


def content_id(noun: Noun, digest: Digest) -> str:
    """Return the id of a thing that is named by its content.

    >>> from mlwright.core.digest import digest_bytes
    >>> content_id(Noun.DATA, digest_bytes(b""))
    'd_4oymiquy7qobjgx36tejs35zeq'
    """
    return f"{noun.value}_{_base32(to_raw(digest))}"


def random_id(noun: Noun, seam: Seam) -> str:
    """Return a fresh id for a thing that happens, such as a run."""
    return f"{noun.value}_{_base32(seam.random_bytes(17))}"


def event_id(sequence: int) -> str:
    """Return the id of the event at a position of the log.

    >>> event_id(41)
    'e_41'
    """
    return f"{Noun.EVENT.value}_{sequence}"


def short(identifier: str) -> str:
    """Return an id cut to the length people read; it still resolves as a prefix.

    What is no id, such as a name, is returned as it is.
    """
    if noun_of(identifier) in (None, Noun.EVENT):
        return identifier
    noun, _, rest = identifier.partition("_")
    return f"{noun}_{rest[:_SHORT]}"


def noun_of(text: str) -> Noun | None:
    """Return the noun an id or its prefix belongs to, or None when it is no id."""
    found = _ID.fullmatch(text)
    return Noun(found["noun"] or found["event"]) if found else None


def looks_like_id(text: str) -> bool:
    """Tell whether a text begins as an id does; no name may.

    >>> looks_like_id("m_"), looks_like_id("m_Income"), looks_like_id("income")
    (True, True, False)
    """
    return text[1:2] == "_" and text[:1] in {noun.value for noun in Noun}


def require_id_form(text: str) -> None:
    """Refuse what begins as an id and cannot be one; names and whole ids pass.

    Raises
    ------
    UsageError
        ``id-form``, with what is wrong.
    """
    if not looks_like_id(text) or noun_of(text) is not None:
        return
    noun = Noun(text[0])
    alphabet = "a number" if noun is Noun.EVENT else "letters a to z and digits 2 to 7"
    what = "ends where an id would begin" if len(text) == 2 else "cannot be the start of an id"
    raise UsageError(
        "id-form",
        f"{text!r} {what}: after {text[:2]!r} comes {alphabet}",
        fix=f"give at least one character of the id; {_LISTED.get(noun, 'mlw ls')}",
        facts={"id": text},
    )


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").lower().rstrip("=")[:_LENGTH]
