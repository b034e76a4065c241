"""What leaves the scoring stage: the model package, the unit that is served, judged and proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mlwright.core.digest import Digest
from mlwright.core.encoding import ABSENT, digest_of
from mlwright.data.records import Column, Contract, Kind, Scalar
from mlwright.data.repair.records import CellRepair
from mlwright.features.records import Preparation
from mlwright.train.records import Configuration, Module, Task

ADDITIVE_TOLERANCE = 1e-9
"""How far a sum over the reasons may be from the score, of the largest number involved."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives: input columns in order, and the names of its outputs.

    ``outputs`` are ``value`` for a regression and ``probability:<class>`` for each class.
    """

    inputs: tuple[Column, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """Frozen rows whose answers a model must give again; dates are ISO text."""

    inputs: tuple[Column, ...]
    rows: tuple[tuple[Scalar | None, ...], ...]


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A feature step of the user's own: a function from a table to a table.

    ``function`` is where it is found (``module:name``), ``modules`` the user's modules behind it,
    so that it is carried out as it was when their files have changed; ``code`` is the digest of
    what in them can decide a cell, and ``parts`` the names in it. ``distributions`` are the
    packages it touches, by version, and ``unseen`` what of the code could not be seen through.
    """

    name: str
    function: str
    code: str
    parts: tuple[str, ...]
    modules: tuple[Module, ...]
    distributions: Mapping[str, str]
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnSteps:
    """The feature steps of the user's own, in the order in which they are carried out."""

    steps: tuple[OwnStep, ...]

    @property
    def digest(self) -> Digest:
        """The digest of the steps and of the text of their modules, which a model keeps."""
        told = [
            (
                (s.name, s.function, s.code, dict(s.distributions), s.unseen),
                [(each.name, each.package, each.text) for each in s.modules],
            )
            for s in self.steps
        ]
        return digest_of(told, tag="mlwright/own steps/2")


@dataclass(frozen=True, slots=True)
class MadeColumn:
    """A column that steps of the user's own make, and the columns of the table it is made of."""

    name: str
    kind: Kind
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnFeatures:
    """What the user's steps do to a table, seen on training rows: each row by itself.

    They are given the columns in ``reads`` alone, and what they make of them, new or in place of
    one of them, are ``makes``; ``leaves_out`` are columns that they were offered and did not
    return. ``content`` is the digest of what they made of the training rows.
    """

    steps: OwnSteps
    reads: tuple[Column, ...]
    makes: tuple[MadeColumn, ...]
    leaves_out: tuple[str, ...]
    content: Digest

    @property
    def digest(self) -> Digest:
        """The digest of what decides."""
        told = (self.steps.digest, self.reads, self.makes, self.leaves_out, self.content)
        return digest_of(told, tag="mlwright/own features/1")


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """Preparation and predictor in one unit.

    ``artefact`` is the digest of everything that decides an answer (signature, classes, contract,
    preparation, predictor), and ``id`` is made of it; ``probe_answers`` is the digest of the
    float64 answers on the frozen rows in ``probe``, a :class:`Probe`. None of them depends on a
    file format, a path or a clock. On ``verified_rows`` rows the row path, the table path and
    training gave the same bits. ``repairs`` are made on rows and tables as they come in, before the
    contract; the plan, the probe and the signature are of what they leave. ``own`` are steps of the
    user's own that make some of the columns the preparation reads, None where it reads none of
    theirs; signature and contract are of the columns they are made of.
    """

    id: str
    artefact: Digest
    task: Task
    signature: Signature
    contract: Contract
    preparation: Preparation
    configuration: Configuration
    predictor: Digest
    probe: Digest
    probe_answers: Digest
    verified_rows: int
    repairs: tuple[CellRepair, ...] = ()
    own: OwnFeatures | None = field(default=None, metadata=ABSENT)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one row takes in this process, in seconds; half and 99 % are no slower."""

    rows: int
    p50: float
    p99: float


class Scale(str, Enum):
    """What the reasons of an answer add up to.

    ``value`` is the target's own unit; ``log-odds`` the logarithm of the second class's odds
    against the first; ``log-weight`` the logarithm of a class's weight before the weights of all
    classes are made to sum to 1, so that 0.69 more doubles it; ``squared distance`` how far a row
    lies from what is usual (1 is middling), or from the centre of its cluster.
    """

    VALUE = "value"
    LOG_ODDS = "log-odds"
    LOG_WEIGHT = "log-weight"
    DISTANCE = "squared distance"


@dataclass(frozen=True, slots=True)
class Additive:
    """A score taken apart: ``base`` and what each input column adds to it.

    ``output`` is the class that is scored, None for a regression; ``score`` what the model itself
    answers, and ``gap`` how far base and columns together are from it, by rounding alone.
    ``columns`` are all inputs, in the order of the signature. ``moved`` says that the model only
    answers: an amount is how far its score moves when that column alone takes what the row of the
    base holds, and the amounts make no score.
    """

    scale: Scale
    output: Scalar | None
    base: float
    columns: tuple[tuple[str, float], ...]
    score: float
    gap: float
    moved: bool = False

    @property
    def exact(self) -> bool:
        """Whether the parts make the score, to 1e-9 of the largest number involved."""
        if self.moved:
            return False
        largest = max(1.0, abs(self.base), *(abs(amount) for _, amount in self.columns))
        return self.gap <= ADDITIVE_TOLERANCE * largest
