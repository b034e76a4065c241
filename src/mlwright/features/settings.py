"""The ``[features]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Which columns become features."""

    drop: tuple[str, ...] = field(default=(), metadata={"doc": "Columns that are never a feature."})
    immutable: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Columns that cannot be changed: no explanation proposes another value of them."
        },
    )
