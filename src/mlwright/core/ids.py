"""Ids: a prefix that names the noun, then base32 of a digest or of random bits."""

from __future__ import annotations

import base64
import re
from enum import Enum

from mlwright.core.digest import Digest, to_raw
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


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").lower().rstrip("=")[:_LENGTH]
