"""What leaves the training stage: the task, the work plan, the search's result, a fitted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mlwright.data.records import Scalar
from mlwright.features.records import Preparation


class TaskKind(str, Enum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Task:
    """The target and how it is read; ``classes`` are sorted, the last of two is positive."""

    kind: TaskKind
    target: str
    classes: tuple[Scalar, ...]
    metric: str
    why: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """One entry of the portfolio: an algorithm and its parameters."""

    name: str
    algorithm: str
    parameters: Mapping[str, int | float | str | bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """The work a search does, decided once by a probe and then only carried out.

    ``folds`` of 0 means the validation part judges; otherwise scores are out of fold.
    ``outer_folds`` and ``repeats`` are those of nested cross-validation, 0 with a sealed test.
    ``rows`` caps the rows a configuration is searched on; the final fit takes all.
    """

    configurations: tuple[Configuration, ...]
    rows: int
    folds: int
    outer_folds: int
    repeats: int
    threads: int
    seed: int
    budget_seconds: float
    machine: str
    measured: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """A configuration's score on rows it was not trained on, and on those it was."""

    configuration: Configuration
    validation: float
    train: float
    chosen_parameters: Mapping[str, int | float | str | bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """One automatic choice: what, why and how to override it."""

    what: str
    why: str
    override: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Every configuration's scores, the one chosen, and the price of an interpretable one."""

    metric: str
    scored: tuple[Scored, ...]
    chosen: Configuration
    interpretable: str
    interpretable_price: float
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model as training leaves it: the preparation and the predictor in its native format."""

    configuration: Configuration
    task: Task
    preparation: Preparation
    content: bytes
