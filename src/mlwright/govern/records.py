"""What leaves governance: explanations of an id, and proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.data.records import Scalar
from mlwright.registry.records import ModelVersion, RoleChange
from mlwright.run.watching.records import Sighting
from mlwright.scoring.records import Additive
from mlwright.serve.records import Label, Prediction, Unread


@dataclass(frozen=True, slots=True)
class Link:
    """One place on the way back from an id: how it was reached, what it is and what is known."""

    relation: str
    kind: str
    id: str
    what: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Why:
    """An id explained: what it is, and the way back to data, code, environment and people."""

    kind: str
    id: str
    what: str
    facts: Mapping[str, object]
    lineage: tuple[Link, ...]


class ProofVerdict(str, Enum):
    """What doing it again showed."""

    EXACT = "exact"
    EQUIVALENT = "equivalent"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a step gave something else: a kind, a sentence, and what was seen of it.

    Kinds are those of a sighting (``clock``, ``randomness``, ``file``, ``folder``, ``network``,
    ``program``, ``variable``, ``machine``, ``hash``, ``address``, ``threads``) and ``input``,
    ``code``, ``library``, ``environment``, ``error``, ``unsteady`` and ``unknown``.
    """

    kind: str
    sentence: str
    seen: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which two environments differ; ``name`` is a package's or a property's."""

    kind: str
    name: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.name} {self.then} became {self.now}"


@dataclass(frozen=True, slots=True)
class ProvedStep:
    """One step done again: the digest recorded then and the digest found now.

    ``cause`` is a word for why it differs: a kind of :class:`mlwright.govern.records.Cause`;
    ``seen`` is what was seen of it, line by line. ``apart`` is the largest relative difference
    between numbers where no more than numbers differs, ``tolerance`` what is still equivalent,
    ``differs`` what is other about the environment and can have a part in it.
    """

    step: str
    verdict: ProofVerdict
    recorded: str
    replayed: str | None
    seconds: float
    why: str
    cause: str | None = None
    seen: tuple[Sighting, ...] = ()
    apart: float | None = None
    tolerance: float | None = None
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of doing something again, step by step."""

    subject: str
    kind: str
    verdict: ProofVerdict
    steps: tuple[ProvedStep, ...]
    why: str
    seconds: float
    event: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """What one column of a row adds to the model's score: the number, and a sentence of it."""

    column: str
    value: object
    amount: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row the model learned from: its id, how far it is, its part and what was true of it."""

    row: str
    distance: float
    part: str
    target: Scalar | None


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that would be otherwise; ``before`` is None where it is missing."""

    column: str
    before: object
    after: Scalar


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Changes of one row that lead to another answer, as the real scorer answered it.

    ``value`` is that answer, ``probability`` its own where it is a class. ``distance`` tells how
    far the changes go (a number counts in deviations of its column, another category 1), and
    ``nearest`` how far the changed row lies from the nearest row of the data, None where those are
    gone: far from all of them, the answer is one about a row nobody has seen.
    """

    changes: tuple[Change, ...]
    value: Scalar
    probability: float | None
    distance: float
    nearest: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What was found of one other answer: the fewest and smallest changes first.

    ``asked`` counts the rows the scorer was asked about; ``told`` says what was found in a
    sentence, and where nothing was, how far was looked.
    """

    goal: str
    found: tuple[Counterfactual, ...]
    asked: int
    told: str


@dataclass(frozen=True, slots=True)
class Passport(Why):
    """One prediction explained: the answer, its reasons, and everything behind it.

    ``distances`` are those to the centres of clusters. ``sent`` is the row as it came, ``used`` as
    it was scored (cells may be clipped), ``prepared`` as the predictor got it: column, feature and
    number. ``reasons`` are all columns, largest first; with ``additive.base`` they make the score.
    ``distance`` tells what near means. ``change`` is the move that made the version live, None
    where the log has none. ``unread`` names the damaged segments of records in which more labels
    may lie. ``otherwise`` tells what would have led to another answer, and ``fixed`` which columns
    were left alone, each with the reason. ``surely`` is the set or interval that holds the truth as
    often as it says, empty where none was calibrated. All of it is in ``facts`` too, as JSON.
    """

    prediction: Prediction
    version: ModelVersion
    target: str
    value: Scalar
    probabilities: Mapping[str, float]
    distances: Mapping[str, float]
    sent: Mapping[str, object]
    used: Mapping[str, object]
    prepared: tuple[tuple[str, str, float], ...]
    additive: Additive
    start: str
    reasons: tuple[Reason, ...]
    neighbours: tuple[Neighbour, ...]
    distance: str
    change: RoleChange | None
    labels: tuple[Label, ...]
    unread: tuple[Unread, ...]
    otherwise: tuple[Otherwise, ...]
    fixed: Mapping[str, str]
    surely: str
