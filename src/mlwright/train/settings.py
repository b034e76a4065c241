"""The question (the top-level keys of the spec) and the ``[search]`` settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.encoding import ABSENT
from mlwright.core.quantities import Quantity
from mlwright.core.settings import FreeTable

WITHOUT_TARGET = ("anomaly", "clustering")
"""The tasks that tell rows apart without a column to predict."""


@dataclass(frozen=True, slots=True)
class QuestionSettings:
    """What is to be predicted."""

    target: str | None = field(default=None, metadata={"doc": "The column to predict."})
    task: str | None = field(
        default=None,
        metadata={
            "doc": "The kind of prediction; inferred from the target when absent. anomaly and"
            " clustering have no target.",
            "choices": ("binary", "multiclass", "regression", *WITHOUT_TARGET),
        },
    )


@dataclass(frozen=True, slots=True)
class SpaceSettings(FreeTable):
    """What the parameters of models of the user's own may be."""

    lines: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": 'Parameters of a model of your own, under its name: depth = "3, 5, 8", '
            'rate = "0.001 .. 0.1 log" below [space."MODULE:NAME"].'
        },
    )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How much work the search may do and what it optimises."""

    budget: float = field(
        default=20.0,
        metadata={
            "doc": "Time for the search, turned into a plan of work once, such as 10m.",
            "quantity": Quantity.DURATION,
            "minimum": 0.001,
            "maximum": 2_678_400.0,
        },
    )
    metric: str | None = field(
        default=None,
        metadata={
            "doc": "The score that decides; chosen by the task when absent. pinball_90 answers with"
            " the value under which 90 % of such rows lie; any whole percent."
        },
    )
    models: tuple[str, ...] = field(
        default=("auto",),
        metadata={
            "doc": "Algorithms to try, such as linear and lightgbm, or auto for all; and models of "
            "your own as MODULE:NAME."
        },
    )
    pickle: bool = field(
        default=False,
        metadata={
            "doc": "Keep a model of your own as a pickle where it has no other form. Opening one "
            "runs what is written in it: it is done in a confined process alone."
        },
    )
    tries: int = field(
        default=8,
        metadata={
            "doc": "How many parameters out of [space] are tried of each model of your own, at "
            "most.",
            "minimum": 1,
            "maximum": 1_000,
        },
    )
    sampler: str = field(
        default="random",
        metadata={
            "doc": "How parameters out of [space] are drawn: random, or optuna (an extra) by the"
            " scores so far.",
            "choices": ("random", "optuna"),
            **ABSENT,
        },
    )
    clusters: int | None = field(
        default=None,
        metadata={
            "doc": "How many clusters a clustering has; chosen among 2 to 10 when absent.",
            "minimum": 2,
            "maximum": 1_000,
        },
    )
    interpretable_within: float = field(
        default=0.005,
        metadata={
            "doc": "How much of the metric an interpretable model may lose and still be chosen.",
            "quantity": Quantity.SHARE,
            "minimum": 0.0,
        },
    )
    size: float = field(
        default=20e6,
        metadata={
            "doc": "The most bytes the trees of a model may take, such as 5MB.",
            "quantity": Quantity.SIZE,
            "minimum": 10e3,
            "maximum": 10e9,
        },
    )
    row_time: float = field(
        default=100e-6,
        metadata={
            "doc": "The most time one row may take, such as 50us, as foreseen from what a model is"
            " made of; --decisions tells what a longer one would gain.",
            "quantity": Quantity.DURATION,
            "minimum": 10e-6,
            "maximum": 60.0,
        },
    )
    members: int = field(
        default=5,
        metadata={
            "doc": "The most models a blend may have; 1 for none. Budgets under 10 s make none.",
            "minimum": 1,
            "maximum": 5,
        },
    )
    calibrate: bool = field(
        default=True,
        metadata={
            "doc": "Draw probabilities to what happens where rows not trained on say that it pays."
        },
    )
    seed: int = field(
        default=0,
        metadata={"doc": "The seed of everything random.", "minimum": 0, "maximum": 2**32 - 1},
    )
    threads: int | None = field(
        default=None,
        metadata={
            "doc": "Threads for training; when absent one, and every core from 2,000,000 cells"
            " outside the test part on.",
            "minimum": 1,
            "maximum": 1_024,
        },
    )
