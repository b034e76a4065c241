"""What the ledger takes and gives: events, and the rows of its projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.digest import Digest


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact to be recorded: what happened to which id.

    ``facts`` holds JSON values only and never personal data. ``uses`` are the ids this one was
    made from (edges of the lineage). ``objects`` are the store's objects the event names; each
    was durable before the event was written.
    """

    kind: str
    subject: str
    facts: Mapping[str, object] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    objects: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded fact, with its place in the log; ``body`` is the exact bytes that were hashed."""

    sequence: int
    id: str
    time: str
    actor: str
    kind: str
    subject: str
    facts: Mapping[str, object]
    uses: tuple[str, ...]
    objects: tuple[Digest, ...]
    body: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class StepRow:
    """The newest finished step with a key: where its output lies and which run made it."""

    key: Digest
    run: str
    step: str
    output: Digest
    sequence: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A registered version of a named model."""

    name: str
    number: int
    model: str
    run: str
    sequence: int


@dataclass(frozen=True, slots=True)
class RoleRow:
    """Which version holds a role of an endpoint now."""

    endpoint: str
    role: str
    ref: str
    sequence: int
