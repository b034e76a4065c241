"""Rows at the edges of what a signature lets in: missing, unseen and extreme values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlwright.data.records import Column, Kind, Scalar

_MOST_SINGLE = 512

_VALUES: Mapping[Kind, tuple[Scalar, ...]] = {
    Kind.BOOLEAN: (True, False),
    Kind.INTEGER: (3.0, -1, 0, 2**63 - 1, -(2**63), 2**53 + 1),
    Kind.FLOAT: (math.nan, 3, 1e308, -1e308, 5e-324, -0.0, math.inf, -math.inf, 2**53 + 1),
    Kind.STRING: ("no such category, ever", "", "\0", "\U0001f40b é", "NaN", "x" * 5_000),
    Kind.DATE: ("2024-02-29", "0001-01-01", "9999-12-31", "1969-12-31"),
    Kind.DATETIME: (
        "2024-02-29T23:59:59",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.999999",
        "1969-12-31",
        "2026-03-01T00:30:00+05:00",
    ),
}

Edge = tuple[str, dict[str, Scalar | None]]
"""What is special about a row, and the row."""


def edge_rows(base: Mapping[str, Scalar | None], inputs: Sequence[Column]) -> list[Edge]:
    """Return ``base`` with one column after the other, then all at once, at an edge.

    Nulls come first; a wide table gets the first edges only.
    """
    edges = {column.name: (None, *_VALUES[column.kind]) for column in inputs}
    turns = max(map(len, edges.values()), default=0)
    single: list[Edge] = [
        (f"{name!r} = {_shown(values[turn])}", {**base, name: values[turn]})
        for turn in range(turns)
        for name, values in edges.items()
        if turn < len(values)
    ]
    together: list[Edge] = [
        (
            f"edge {turn} of every column",
            {**base, **{name: values[turn % len(values)] for name, values in edges.items()}},
        )
        for turn in range(turns)
    ]
    return single[:_MOST_SINGLE] + together


def _shown(value: Scalar | None) -> str:
    return "null" if value is None else repr(value)[:40]
