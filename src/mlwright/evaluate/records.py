"""What leaves the evaluation: metrics with intervals, baselines, the fit verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class FitVerdict(str, Enum):
    """Whether a model learned too little, as it should, or too much."""

    GOOD = "good"
    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    TOO_LITTLE_DATA = "too little data to tell"


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The fit verdict with the scores it rests on (in the search metric)."""

    verdict: FitVerdict
    train: float
    validation: float
    test: float
    gap: float
    why: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model judged on rows it never saw.

    ``method`` is ``sealed test`` or ``nested cross-validation``. ``metrics`` and each of
    ``baselines`` (``dummy``, ``linear``) hold the same metric names. ``fairness`` maps
    ``column`` to gap names (``tpr_gap``, ``fpr_gap``, ``selection_gap``) with intervals.
    """

    method: str
    rows: int
    metric: str
    metrics: Mapping[str, Interval]
    baselines: Mapping[str, Mapping[str, Interval]]
    gain: Interval
    fit: Fit
    fairness: Mapping[str, Mapping[str, Interval]]
