"""What leaves the scoring stage: the model package, the unit that is served, judged and proved."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.data.records import Column, Contract
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
class ModelPackage:
    """Preparation and predictor in one unit.

    ``artefact`` is the digest of everything that decides an answer (signature, contract,
    preparation, predictor); ``probe_answers`` is the digest of the float64 answers on the frozen
    probe rows in ``probe``. Neither depends on a file format, a path or a clock.
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
