"""What a bundle says of itself: its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.digest import Digest

SCHEMA = "mlwright/bundle/1"
HERE, WITHHELD, APART, GONE = "here", "withheld", "apart", "gone"
"""Where the bytes of an object are: in the bundle, kept back with the rows, left to installers (a
wheel), or nowhere any more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The model version that is handed over, and what it was made by and from."""

    model: str
    ref: str
    run: str
    data: str
    registered: str
    actor: str


@dataclass(frozen=True, slots=True)
class Content:
    """The size and the SHA-256 of a member of the container."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Named:
    """An object that entries of the log name: what it is, and where its bytes are."""

    what: str
    state: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is in a bundle and all that was left out of it.

    ``members`` are the container's, but for the manifest and the seal over it; ``objects`` are all
    those that entries name, by digest. ``left_out`` says in sentences what is not there, ``code``
    names the modules of the maker's own that making it again executes.
    """

    schema: str
    program: str
    subject: Subject
    members: Mapping[str, Content]
    objects: Mapping[Digest, Named]
    left_out: tuple[str, ...]
    code: tuple[str, ...]
