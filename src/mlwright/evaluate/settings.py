"""The ``[costs]`` settings: what each mistake costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.settings import FreeTable


@dataclass(frozen=True, slots=True)
class CostSettings(FreeTable):
    """Costs by mistake, as they were written."""

    lines: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": "What it costs to answer one class where another is true, in any one unit: "
            '"yes as no" = "5". What is not named costs 1, a right answer nothing. The class that '
            "costs least to expect is then answered, not the most probable one."
        },
    )
