"""What would have to be otherwise for another answer: the fewest, smallest changes of one row.

Every row that is tried goes to the real scorer; nothing is concluded from a gradient or a
surrogate. Columns that cannot be changed are left alone, and no value is tried that the contract
does not allow. Changes of one column come first, then of two and of three, each time from where
the answer moved most; where that finds too few, what the nearest rows with another answer have
otherwise is taken over and then taken back, cell by cell, as long as the answer stays another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Kind, Scalar
from mlwright.features.numbers import is_missing
from mlwright.features.records import Value
from mlwright.stats.spread import apart

Row = Mapping[str, object]
Changes = Mapping[str, Scalar]
Ask = Callable[[Sequence[Row]], NDArray[np.float64]]

MOST_FOUND = 3
MOST_CHANGES = 3

_KEPT = 12  # sets of columns from which a further change is tried
_COLUMNS = 24  # columns that are tried together: those that moved the answer most alone
_HALVINGS = 40
_MOST_DIGITS = 15
_ENOUGH = 1e-3  # of a column's spread: a number nearer than this is near enough
_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_FARTHEST = 1e300  # of one change: what many go together is a number still
_LARGEST = 1e300  # beyond it a number is told as it is: rounded up it may be none


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be changed, and to what.

    ``low`` and ``high`` bound a number; ``values`` are what is tried first. ``spread`` is how far
    apart two of its values usually lie: a step of that size counts as much as another category.
    """

    column: str
    kind: Kind
    values: tuple[Scalar, ...]
    low: float = -math.inf
    high: float = math.inf
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Goal:
    """Which answer is wanted: ``reached`` tells whether it is, ``nearness`` how far it is not.

    Both take answers, rows x outputs; more nearness is nearer.
    """

    said: str
    nearness: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    reached: Callable[[NDArray[np.float64]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Found:
    """Changes that lead to the wanted answer, how far they go, and the answer."""

    changes: Changes
    distance: float
    answer: tuple[float, ...]


def search(
    row: Row,
    choices: Sequence[Choice],
    goal: Goal,
    ask: Ask,
    donors: Sequence[Row] = (),
) -> tuple[tuple[Found, ...], int]:
    """Return the fewest and smallest changes found, and how many rows were asked about.

    Parameters
    ----------
    ask
        The real scorer: rows to answers.
    donors
        Rows of the data whose answer is the wanted one, the nearest first.
    """
    seeker = _Seeker(row, {choice.column: choice for choice in choices}, goal, ask)
    seeker.widen()
    seeker.borrow(donors)
    ranked = sorted(map(seeker.refined, seeker.found.values()), key=_rank)
    return tuple(ranked[:MOST_FOUND]), seeker.asked


def _rank(found: Found) -> tuple[int, float, str]:
    return (len(found.changes), found.distance, str(sorted(found.changes)))


@dataclass(slots=True)
class _Seeker:
    """The search for one goal: what was found by the set of columns that change, and the count."""

    row: Row
    choices: Mapping[str, Choice]
    goal: Goal
    ask: Ask
    found: dict[frozenset[str], Found] = field(default_factory=dict)
    asked: int = 0

    def answers(self, tried: Sequence[Changes]) -> NDArray[np.float64]:
        """Ask about rows that differ from the one by changes."""
        self.asked += len(tried)
        return self.ask([{**self.row, **changes} for changes in tried])

    def widen(self) -> None:
        """Try changes of one column, then of more, from those that came nearest."""
        starts: list[Changes] = [{}]
        columns = list(self.choices)
        for depth in range(MOST_CHANGES):
            tried = list(self._extended(starts, columns))
            if not tried:
                return
            answers = self.answers(tried)
            self._keep(tried, answers)
            if len(self.found) >= MOST_FOUND:
                return
            nearness = self.goal.nearness(answers)
            best = self._nearest_of_each(tried, nearness)
            starts = [changes for changes in best if not self._covered(frozenset(changes))][:_KEPT]
            if not depth:
                columns = [next(iter(changes)) for changes in best][:_COLUMNS]

    def borrow(self, donors: Sequence[Row]) -> None:
        """Take over what rows with another answer have otherwise, and take back what need not be.

        What is taken over is what its column may become.
        """
        for donor in donors:
            if len(self.found) >= MOST_FOUND:
                return
            changes = dict(self._borrowed(donor))
            if not changes or not self._reaches(changes):
                continue
            for column in sorted(changes, key=lambda name: -self.step(name, changes[name])):
                fewer = {name: value for name, value in changes.items() if name != column}
                if fewer and self._reaches(fewer):
                    changes = fewer
            if not self._covered(frozenset(changes)):
                self._keep([changes], self.answers([changes]))

    def refined(self, found: Found) -> Found:
        """Return changes no larger than need be, in as few digits as will do."""
        changes = dict(found.changes)
        for column in sorted(changes, key=lambda name: -self.step(name, changes[name])):
            choice = self.choices[column]
            before = self.row.get(column)
            if choice.kind in _NUMBERS and not is_missing(cast("Value", before)):
                changes = self._shortened(self._smaller(changes, choice), choice)
        answer = self.answers([changes])[0]
        return Found(changes, self.distance(changes), tuple(answer.tolist()))

    def distance(self, changes: Changes) -> float:
        """Return how far changes go, all columns together."""
        return math.fsum(self.step(column, value) for column, value in changes.items())

    def step(self, column: str, value: Scalar) -> float:
        """Return how far one change goes: another category, or one from missing, goes 1."""
        choice = self.choices[column]
        before = cast("Value", self.row.get(column))
        if choice.kind in (Kind.STRING, Kind.BOOLEAN) or is_missing(before):
            return 1.0
        return min(abs(apart(position(value), position(before), choice.spread)), _FARTHEST)

    def _reaches(self, changes: Changes) -> bool:
        return bool(self.goal.reached(self.answers([changes]))[0])

    def _covered(self, columns: frozenset[str]) -> bool:
        return any(fewer <= columns for fewer in self.found)

    def _extended(self, starts: Sequence[Changes], columns: Sequence[str]) -> Iterator[Changes]:
        seen: set[frozenset[tuple[str, Scalar]]] = set()
        for start in starts:
            for column in columns:
                if column in start or self._covered(frozenset((*start, column))):
                    continue
                for value in self.choices[column].values:
                    if _same(value, self.row.get(column)):
                        continue
                    changes = {**start, column: value}
                    if (name := frozenset(changes.items())) not in seen:
                        seen.add(name)
                        yield changes

    def _keep(self, tried: Sequence[Changes], answers: NDArray[np.float64]) -> None:
        for place in np.flatnonzero(self.goal.reached(answers)).tolist():
            changes, columns = tried[place], frozenset(tried[place])
            far = self.distance(changes)
            if columns not in self.found or far < self.found[columns].distance:
                self.found[columns] = Found(changes, far, tuple(answers[place].tolist()))

    def _nearest_of_each(
        self, tried: Sequence[Changes], nearness: NDArray[np.float64]
    ) -> list[Changes]:
        """Return for each set of columns the changes that came nearest, the nearest first."""
        best: dict[frozenset[str], int] = {}
        for place in np.argsort(-nearness, kind="stable").tolist():
            best.setdefault(frozenset(tried[place]), place)
        return [tried[place] for place in best.values()]

    def _borrowed(self, donor: Row) -> Iterator[tuple[str, Scalar]]:
        for column, choice in self.choices.items():
            value = cast("Value", donor.get(column))
            if is_missing(value) or _same(value, self.row.get(column)):
                continue
            if choice.kind in _NUMBERS:
                if choice.low <= position(value) <= choice.high:
                    yield column, cast("Scalar", value)
            elif value in choice.values:
                yield column, cast("Scalar", value)

    def _smaller(self, changes: Changes, choice: Choice) -> dict[str, Scalar]:
        """Return the changes with one number as near to what it was as halving finds."""
        near, far = position(self.row[choice.column]), position(changes[choice.column])
        for _ in range(_HALVINGS):
            middle = near / 2 + far / 2
            if choice.kind is Kind.INTEGER:
                middle = float(math.floor(middle) if far < near else math.ceil(middle))
            if middle in (near, far) or abs(far - near) < _ENOUGH * choice.spread:
                break
            if self._reaches({**changes, choice.column: _typed(middle, choice.kind)}):
                far = middle
            else:
                near = middle
        return {**changes, choice.column: _typed(far, choice.kind)}

    def _shortened(self, changes: Changes, choice: Choice) -> dict[str, Scalar]:
        """Return the changes with one number in the fewest digits that do as well."""
        exact = position(changes[choice.column])
        away = exact - position(self.row[choice.column])
        for digits in range(1, _MOST_DIGITS):
            short = _rounded(exact, digits, up=away > 0)
            beyond = abs(short - exact) > max(abs(away), choice.spread) / 2
            if beyond or not choice.low <= short <= choice.high:
                continue
            if choice.kind is Kind.INTEGER and not short.is_integer():
                continue
            told = {**changes, choice.column: _typed(short, choice.kind)}
            if self._reaches(told):
                return told
        return dict(changes)


def _rounded(number: float, digits: int, *, up: bool) -> float:
    """Return a number in so many digits, away from what it was.

    >>> _rounded(1234.5, 2, up=True), _rounded(0.1234, 2, up=False)
    (1300.0, 0.12)
    """
    if not 0 < abs(number) < _LARGEST:
        return number
    decimals = digits - 1 - math.floor(math.log10(abs(number)))
    near = round(number, decimals)
    if (near < number) if up else (near > number):
        near = round(near + (1 if up else -1) * 10.0**-decimals, decimals)
    return float(near)


def _typed(number: float, kind: Kind) -> Scalar:
    return int(number) if kind is Kind.INTEGER else number


def position(value: object) -> float:
    """Return where a value lies on its column's axis: a number itself, a moment in days.

    >>> position(2), position("1970-01-03"), position("1970-01-01T12:00:00")
    (2.0, 2.0, 0.5)
    """
    if isinstance(value, bool | int | float):
        return float(value)
    moment = datetime.fromisoformat(str(value)).replace(tzinfo=None)
    return (moment - datetime(1970, 1, 1)).total_seconds() / 86_400


def _same(value: object, other: object) -> bool:
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    return value == other
