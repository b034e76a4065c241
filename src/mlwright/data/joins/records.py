"""What a join is asked, what it made, and what its verification found."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.data.records import Snapshot


@dataclass(frozen=True, slots=True)
class JoinRule:
    """How rows of one table get values of another, as they were known at the row's time.

    ``by`` pairs columns that must be equal. ``time`` is the left row's moment, ``event`` when the
    right row's values were true, ``known`` when they could be read; None means as soon as they
    were true, and then ``known_after`` later. Older values than ``within`` (seconds) are none;
    None lets any age pass. ``columns`` are taken, all others than keys and times where it is
    empty; each is called ``name`` and an underscore before its own name.
    """

    name: str
    by: tuple[tuple[str, str], ...]
    time: str
    event: str
    known: str | None
    known_after: float
    within: float | None
    columns: tuple[str, ...]

    @property
    def row(self) -> str:
        """The column that names the right row whose values a row got."""
        return f"{self.name}_row"

    def called(self, column: str) -> str:
        """Return what a column of the right table is called in the result."""
        return f"{self.name}_{column}"


@dataclass(frozen=True, slots=True)
class Joins:
    """The joins that made a table, by their rules."""

    rules: tuple[JoinRule, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found by looking up each joined row again by its id.

    ``closest`` is the least time, in seconds, by which a value was known before its row's moment,
    and ``closest_row`` the row; None where no row got any. ``oldest`` is the greatest age.
    """

    rows: int
    cells: int
    closest: float | None
    closest_row: str | None
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A table joined as of its rows' moments.

    ``matched`` rows got values. Of the others ``stale`` would have got older ones than allowed,
    ``early`` some that were true by then and not known yet; the rest have no row to get them of.
    """

    snapshot: Snapshot
    left: str
    right: str
    rule: JoinRule
    matched: int
    stale: int
    early: int
    verified: Verified
