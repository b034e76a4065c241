"""What an examination leaves: changed rows, directions, the boundary, what is given away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.stats.records import Interval

WAYS = ("noise", "missing", "swap", "unit", "range")
"""How rows are changed, in the order in which it is told."""

NEAR = 0.5
"""A distance within which a row is told to be near another decision."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What changing one column did: the share of decisions that flip, how far answers move."""

    column: str
    flip: Interval | None
    move: Interval


@dataclass(frozen=True, slots=True)
class Change:
    """What one way of changing rows did to a model's answers.

    ``flip`` is the share of rows whose decision changes, ``move`` how far the answer moves on
    average (in probability, or in spreads of the target), ``drop`` how much worse the model's
    metric gets, ``unnoticed`` the share of rows whose decision changes with nothing that the
    contract would flag. Where columns are changed one at a time, each is the mean over them, as
    if one at random went wrong, and ``columns`` tells the worst first. ``flip`` and ``unnoticed``
    are None for a regression.
    """

    way: str
    what: str
    rows: int
    flip: Interval | None
    move: Interval
    drop: Interval
    unnoticed: Interval | None
    columns: tuple[ColumnChange, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Robustness:
    """What each way of changing rows did; a way that no column allows is left out."""

    metric: str
    changes: Mapping[str, Change]
    seed: int

    @property
    def told(self) -> tuple[Change, ...]:
        """The changes in the order in which they are told."""
        return tuple(self.changes[way] for way in WAYS if way in self.changes)


@dataclass(frozen=True, slots=True)
class Direction:
    """How the answer goes with one column, all others as they are.

    ``rising`` and ``falling`` are the shares of steps upwards in the column in which the answer
    does not fall and does not rise; ``effect`` is how far it goes on average from the column's
    low end to its high end, in probability or in the target's unit.
    """

    column: str
    low: float
    high: float
    rising: Interval
    falling: Interval
    effect: Interval
    said: str

    @property
    def monotone(self) -> Interval:
        """The share of steps that go with the direction the answer takes on the whole."""
        return self.rising if self.effect.value >= 0 else self.falling


@dataclass(frozen=True, slots=True)
class Directions:
    """The direction of each column of numbers, and why every other column has none."""

    rows: int
    columns: tuple[Direction, ...]
    without: Mapping[str, str]
    seed: int


@dataclass(frozen=True, slots=True)
class Boundary:
    """How far rows are from another decision.

    ``distance`` is the median over rows of the smallest change found that flips the decision: a
    number counts in spreads of its column, another category counts 1. No search proves that there
    is none smaller: it is an upper bound. ``near`` is the share of rows that flip within
    ``NEAR``, ``queries`` how many answers the search needs for a row, ``columns`` how many of the
    flips take each column. No ``rows`` where all are decided alike.
    """

    rows: int
    distance: Interval
    near: Interval
    queries: Interval
    columns: Mapping[str, int]
    seed: int
    said: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """How well a copy agrees with the model once it was asked so often.

    ``fidelity`` maps a number of queries to the share of unseen rows that the copy decides alike;
    for a regression to the share of the answers' variance it explains. ``guess`` is the same for
    a copy that knows nothing. Nothing is mapped where one answer is given to all.
    """

    rows: int
    fidelity: Mapping[str, Interval]
    guess: float
    seed: int
    said: str

    @property
    def told(self) -> tuple[tuple[int, Interval], ...]:
        """Each number of queries and what it led to, the fewest first."""
        return tuple(
            (asked, self.fidelity[str(asked)]) for asked in sorted(map(int, self.fidelity))
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """How far the loss of a row gives away that the model learnt from it.

    ``gap`` is the share of training rows that are told as such less the share of others that are,
    by a limit on the loss that was found on other rows: 0 gives nothing away. No ``others`` where
    every row was learnt from.
    """

    members: int
    others: int
    gap: Interval
    seed: int
    said: str
