"""What leaves the scoring stage: the model package, the unit that is served, judged and proved."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.data.records import Column, Contract, Scalar
from mlwright.features.records import Preparation
from mlwright.train.records import Configuration, Task


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
class ModelPackage:
    """Preparation and predictor in one unit.

    ``artefact`` is the digest of everything that decides an answer (signature, classes, contract,
    preparation, predictor), and ``id`` is made of it; ``probe_answers`` is the digest of the
    float64 answers on the frozen rows in ``probe``, a :class:`Probe`. None of them depends on a
    file format, a path or a clock. On ``verified_rows`` rows the row path, the table path and
    training gave the same bits.
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


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one row takes in this process, in seconds; half and 99 % are no slower."""

    rows: int
    p50: float
    p99: float
