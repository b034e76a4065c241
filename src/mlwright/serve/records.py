"""What leaves the data plane: predictions and labels as they were recorded, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.data.records import Breach as Breach


class Durability(str, Enum):
    """What an answer waits for.

    ``durable`` answers survive a loss of power, ``crash-safe`` ones the end of the process, and
    ``off`` records nothing: such an answer has no id.
    """

    DURABLE = "durable"
    CRASH_SAFE = "crash-safe"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Flag:
    """One cell that broke the contract, and whether it was clipped into it.

    ``row`` is the place in the request, ``value`` the cell as it was sent.
    """

    row: int
    column: str
    breach: Breach
    value: bool | int | float | str | None
    clipped: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: its segment, its number in it, and bits nobody can guess."""

    segment: int
    sequence: int
    random: bytes


@dataclass(frozen=True, slots=True)
class NewRecord:
    """One request as it goes to the disk, before it is answered.

    ``answers`` are rows x outputs as little-endian float64, row by row; ``flags`` is JSON, empty
    when there is none. Row ``k`` of the request has the sequence ``first + k``. ``time`` is in
    microseconds since 1970, UTC.
    """

    first: int
    rows: int
    random: bytes
    time: int
    endpoint: str
    ref: str
    model: str
    role: str
    body: bytes
    answers: bytes
    flags: bytes


@dataclass(frozen=True, slots=True)
class NewLabel:
    """One truth as it goes to the disk; about a prediction by id, or about a row by its key.

    ``value`` is JSON. ``prediction`` or ``endpoint`` with ``key`` is set.
    """

    first: int
    random: bytes
    time: int
    prediction: str | None
    endpoint: str | None
    key: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Truth:
    """One truth as it was sent; ``value`` is JSON. ``prediction`` or ``endpoint`` with ``key``."""

    prediction: str | None
    endpoint: str | None
    key: str | None
    value: bytes


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """How much may wait for the disk, and when a segment is closed and the next one begun.

    ``queue_records`` and ``queue_bytes`` bound what was submitted and is not on disk. A segment
    is closed after ``segment_rows``, ``segment_bytes`` or ``segment_age`` seconds.
    """

    queue_records: int = 4096
    queue_bytes: int = 64 << 20
    segment_rows: int = 200_000
    segment_bytes: int = 128 << 20
    segment_age: float = 3600.0


@dataclass(frozen=True, slots=True)
class Seal:
    """What the log says about a sealed segment: its Merkle root, and the entry that says so.

    ``files`` are the digests of its files by name: the root covers what the records say, these
    what the disk holds.
    """

    root: str
    files: Mapping[str, str]
    event: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment as it goes into the log: what it holds, without any of it.

    ``predictions`` counts rows, ``records`` requests; ``refs`` and ``models`` count rows by the
    version that answered. ``first`` and ``last`` are the times of its oldest and newest record.
    """

    number: int
    records: int
    predictions: int
    labels: int
    first: str
    last: str
    refs: Mapping[str, int]
    models: Mapping[str, int]
    durability: Durability
    policy: Mapping[str, str]
    environment: Mapping[str, str]
    root: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Segment:
    """One worker's records over a time, and what they were answered with.

    ``policy`` says what was done with cells that broke the contract, ``environment`` what the
    worker ran on. ``root`` and ``event`` are set once it is sealed: the Merkle root over the
    commitments of its records, and the entry of the log that holds it.
    """

    number: int
    durability: Durability
    policy: Mapping[str, str]
    environment: Mapping[str, str]
    sealed: bool
    root: str | None
    event: str | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """One recorded answer: the request as it was sent, and which row of it this one is."""

    id: str
    time: str
    endpoint: str
    ref: str
    model: str
    role: str
    row: int
    rows: int
    body: bytes
    answer: tuple[float, ...]
    flags: tuple[Flag, ...]
    segment: Segment


@dataclass(frozen=True, slots=True)
class Unread:
    """A damaged segment that was left out of an answer about many, and what is wrong with it."""

    segment: int
    message: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which predictions are looked for; times are microseconds since 1970, ``until`` excluded.

    ``flagged`` takes those with any flag, or with one of the breach.
    """

    since: int | None = None
    until: int | None = None
    endpoint: str | None = None
    ref: str | None = None
    flagged: bool = False
    breach: Breach | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One recorded truth."""

    id: str
    time: str
    prediction: str | None
    endpoint: str | None
    key: str | None
    value: bool | int | float | str | None
