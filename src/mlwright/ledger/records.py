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


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What making every projection again from the events showed.

    ``tables`` tells for each how many rows the events give it, and whether the stored ones agreed.
    """

    equal: bool
    tables: Mapping[str, tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a whole verification of the log rests on.

    ``covered`` is the size of the newest checkpoint that was held against the log: entries below
    it are proved against that checkpoint, later ones only against the log itself. ``outside``
    tells whether that checkpoint came from outside, which alone shows tampering by the owner of
    the key. ``key`` is the public key all signatures were verified with.
    """

    size: int
    root: bytes
    checkpoints: int
    covered: int
    outside: bool
    key: str
    projections: RebuildReport


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """How points of one metric sum up.

    ``last`` is the value of the largest step, of equal steps the latest; ``time`` is when it was
    logged, in microseconds since 1970. ``low`` and ``high`` leave NaN out and are None where
    nothing else was logged.
    """

    count: int
    step: int
    time: int
    last: float
    low: float | None
    high: float | None
