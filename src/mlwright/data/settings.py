"""The ``[data]`` and ``[contract]`` settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.quantities import Quantity
from mlwright.core.settings import FreeTable


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where the table lies, how its bytes are read, and which columns have a role."""

    source: str | None = field(
        default=None,
        metadata={
            "doc": "The table: a path, relative to the spec's folder, a folder, a pattern such as "
            "sales/*.csv, http://…, sqlite:FILE, sklearn:NAME, or env:NAME for an address that "
            "the environment holds."
        },
    )
    query: str | None = field(
        default=None, metadata={"doc": "The query whose answer is the table, for a database."}
    )
    sheet: str | None = field(
        default=None,
        metadata={"doc": "The sheet of a workbook; needed when more than one has cells."},
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
    weight: str | None = field(
        default=None,
        metadata={
            "doc": "The column of numbers above 0 that says how much a row counts in training and "
            "in the choice of a model; never a feature. The sealed test counts rows alike."
        },
    )
    subject: str | None = field(
        default=None, metadata={"doc": "The column that says whose personal data a row is."}
    )
    encoding: str | None = field(
        default=None,
        metadata={
            "doc": "The text encoding of the source, such as latin-1; when absent, what its byte "
            "order mark says, else utf-8."
        },
    )
    separator: str | None = field(
        default=None,
        metadata={"doc": "The character between cells; found out when absent.", "length": 1},
    )
    max_download: float = field(
        default=2e9,
        metadata={
            "doc": "More bytes than these are not fetched from an address.",
            "quantity": Quantity.SIZE,
            "minimum": 1.0,
        },
    )
    timeout: float = field(
        default=60.0,
        metadata={
            "doc": "A fetch, or a database that answers nothing, is given up after this.",
            "quantity": Quantity.DURATION,
            "minimum": 0.1,
        },
    )
    repair: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": 'What mends the table, step by step: "trim city", "map plan: Pro -> pro", '
            '"clip age to [0, 120]", "fill income with median", "quarantine where age < 0". Cells '
            "are mended at the endpoint too."
        },
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
