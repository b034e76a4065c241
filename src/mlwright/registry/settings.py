"""The ``[project]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlwright.core.quantities import Quantity


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project is called, whose it is, what it is for and how long it is kept."""

    name: str | None = field(
        default=None, metadata={"doc": "The model's name; made from the target when absent."}
    )
    owner: str | None = field(default=None, metadata={"doc": "Who answers for the project."})
    purpose: str | None = field(default=None, metadata={"doc": "What the model is used for."})
    risk: str | None = field(
        default=None, metadata={"doc": "The risk class under your rules, such as high."}
    )
    retention: str = field(
        default="7y",
        metadata={
            "doc": "How long records are kept, such as 90d or 7y.",
            "quantity": Quantity.DURATION,
        },
    )
