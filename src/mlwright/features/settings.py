"""The ``[features]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Which columns become features."""

    steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Feature steps of your own as MODULE:FUNCTION, in order: each takes a table and "
            "returns it with columns made of each row."
        },
    )
    text: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Columns of texts that are read word by word, whatever they look like."},
    )
    categories: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Columns of texts that name something: never read word by word."},
    )
    drop: tuple[str, ...] = field(default=(), metadata={"doc": "Columns that are never a feature."})
    immutable: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Columns that cannot be changed: no explanation proposes another value of them."
        },
    )
