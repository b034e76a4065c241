"""The question (the top-level keys of the spec) and the ``[search]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlwright.core.quantities import Quantity


@dataclass(frozen=True, slots=True)
class QuestionSettings:
    """What is to be predicted."""

    target: str | None = field(default=None, metadata={"doc": "The column to predict."})
    task: str | None = field(
        default=None,
        metadata={
            "doc": "The kind of prediction; inferred from the target when absent.",
            "choices": ("binary", "multiclass", "regression"),
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
        default=None, metadata={"doc": "The score that decides; chosen by the task when absent."}
    )
    models: tuple[str, ...] = field(
        default=("auto",),
        metadata={"doc": "Algorithms to try, such as linear and lightgbm, or auto for all."},
    )
    interpretable_within: float = field(
        default=0.005,
        metadata={
            "doc": "How much of the metric an interpretable model may lose and still be chosen.",
            "quantity": Quantity.SHARE,
            "minimum": 0.0,
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
