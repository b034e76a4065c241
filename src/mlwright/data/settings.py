"""The ``[data]`` and ``[contract]`` settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.settings import FreeTable


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where the table lies, how its bytes are read, and which columns have a role."""

    source: str | None = field(
        default=None, metadata={"doc": "The table: a path, relative to the spec's folder."}
    )
    key: str | None = field(
        default=None, metadata={"doc": "The column that names a row, without repeats."}
    )
    time: str | None = field(
        default=None, metadata={"doc": "The column that orders rows in time; the split follows it."}
    )
    group: str | None = field(
        default=None, metadata={"doc": "The column whose equal values share one part of the split."}
    )
    subject: str | None = field(
        default=None, metadata={"doc": "The column that says whose personal data a row is."}
    )
    encoding: str = field(
        default="utf-8", metadata={"doc": "The text encoding of the source, such as latin-1."}
    )
    separator: str | None = field(
        default=None,
        metadata={"doc": "The character between cells; found out when absent.", "length": 1},
    )
    max_columns: int = field(
        default=5000, metadata={"doc": "More columns than this are refused.", "minimum": 1}
    )


@dataclass(frozen=True, slots=True)
class ContractSettings(FreeTable):
    """What columns promise, by their names, in the checks grammar; the rest is inferred."""

    lines: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": 'What a column promises: age = "in [17, 90]", plan = "in {basic, pro}", '
            '"null(plan)" = "<= 5%", or "any"; flag:, clip: or refuse: before it says what becomes '
            "of a cell that breaks it."
        },
    )
