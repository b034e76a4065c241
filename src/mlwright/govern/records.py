"""What leaves governance: explanations of an id, and proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


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
class ProvedStep:
    """One step done again: the digest recorded then and the digest found now."""

    step: str
    verdict: ProofVerdict
    recorded: str
    replayed: str | None
    seconds: float
    why: str


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
