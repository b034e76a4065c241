"""The ``[data]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field


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
