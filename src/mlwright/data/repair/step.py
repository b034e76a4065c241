"""A step as it is read from its text, and how every kind of step is written down in the grammar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mlwright.checks.records import Rule
from mlwright.data.records import Kind, Scalar

Value = bool | int | float | str | date | datetime | None
"""A cell as a step sees it: of its column's kind, or None where it is missing."""

MEDIAN, MEAN, MODE = "median", "mean", "mode"
STATISTICS = (MEDIAN, MEAN, MODE)


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows are meant: those whose cell keeps ``rule``, or is missing where that is None."""

    column: str
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step; each verb uses some of the fields, and its module says which.

    ``column`` is the column whose cells it changes, or which it drops.
    """

    verb: str
    column: str | None = None
    kind: Kind | None = None
    formats: tuple[str, ...] = ()
    pairs: tuple[tuple[Scalar, Scalar | None], ...] = ()
    low: int | float | None = None
    high: int | float | None = None
    value: Scalar | None = None
    statistic: str | None = None
    columns: tuple[str, ...] = ()
    condition: Condition | None = None
    rows: tuple[str, ...] = ()

    @property
    def takes_rows(self) -> bool:
        """Whether it takes rows out, and so acts on training rows alone."""
        return self.column is None
