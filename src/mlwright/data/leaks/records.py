"""What the search for leaks finds: each check with its value, each leak with its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.data.records import Fault

TARGET = "leak.target"
ORDER = "leak.order"
GROUP = "leak.group"
OVERLAP = "leak.overlap"
FOLDS = "leak.folds"
TIME = "leak.time"

CHECKS: Mapping[str, str] = {
    TARGET: "columns that know the target: a copy of it, renamed, re-encoded or noisy; one that is "
    "there only with one answer, or only where there is an answer; two that add up to it",
    ORDER: "ids and dates that sort the target, so that neighbours give the answer away",
    GROUP: "columns whose equal values share the answer and lie on both sides of the split",
    OVERLAP: "the share of test rows that stand among the training rows too, value for value",
    FOLDS: "the share of rows that choose the model and stand among those it is fitted on",
    TIME: "columns that hold what is later than the row's own time",
}
"""Every check of leaks, and what its value counts."""

SHARES = (OVERLAP, FOLDS)
"""The checks whose value is a share of rows; that of the others is a number of columns."""

MOST = 0.01
"""The share of rows up to which twins are let be, unless a rule says otherwise."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One leak: the check that found it, in which column, why it is one and what ends it.

    ``column`` is None where whole rows leak; ``rows`` is 0 where it is said of the column as a
    whole.
    """

    check: str
    column: str | None
    rows: int
    why: str
    fix: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check measured; ``value`` is None where it could not be asked, and ``why`` says so."""

    check: str
    value: float | None
    why: str


@dataclass(frozen=True, slots=True)
class LeakReport:
    """Every check's value, and the leaks it counts."""

    looked: tuple[Looked, ...]
    leaks: tuple[Leak, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The leaks as faults: the rows of each, or one of its column."""
        return tuple(
            fault
            for leak in self.leaks
            for fault in leak.faults or (Fault(leak.check, leak.column, None, None, leak.why),)
        )

    def of(self, check: str) -> tuple[Leak, ...]:
        """Return the leaks one check found."""
        return tuple(leak for leak in self.leaks if leak.check == check)
