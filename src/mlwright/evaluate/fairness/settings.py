"""The ``[fairness]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FairnessSettings:
    """Whose treatment is compared, and what is done so that groups are treated more alike."""

    protected: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Columns whose groups, and those of two or three crossed, every run compares;"
            " those that rules named fairness.COLUMN are about are compared too."
        },
    )
    remedy: str = field(
        default="none",
        metadata={
            "doc": "What is done so that these groups are treated more alike: rows are weighted"
            " before training, or each group gets a limit of its own after it. What it costs is"
            " told by mlw eval either way.",
            "choices": ("none", "weights", "thresholds"),
        },
    )
    aim: str = field(
        default="tpr_gap",
        metadata={
            "doc": "The gap that limits of their own close.",
            "choices": ("tpr_gap", "selection_gap"),
        },
    )
