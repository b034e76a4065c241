"""What leaves the features stage: a fitted preparation, the same for a table and for one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from mlwright.core.encoding import LATER
from mlwright.data.records import Column, Kind

Value = bool | int | float | str | date | datetime | None
"""One cell of a row; None and NaN are both missing."""


@dataclass(frozen=True, slots=True)
class FittedStep:
    """One fitted feature step: it reads raw columns, mostly one, and writes one or more outputs.

    ``step`` names its module in ``features/steps``; ``numbers`` and ``categories`` hold what was
    fitted on the training rows (their meaning is the step's own, told in its module). ``column`` of
    ``kind`` is the first column it reads, ``others`` are the further ones.
    """

    step: str
    column: str
    kind: Kind
    outputs: tuple[str, ...]
    numbers: tuple[float, ...]
    categories: tuple[str, ...]
    others: tuple[Column, ...] = field(default=(), metadata=LATER)

    @property
    def sources(self) -> tuple[Column, ...]:
        """The columns it reads, in the order in which it takes their cells."""
        return (Column(self.column, self.kind), *self.others)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Fitted steps in order; applying them gives a float64 matrix of rows x ``outputs``.

    ``inputs`` are the columns some step reads, ``categorical`` the outputs that are codes
    without an order, ``dropped`` the columns left out, each with the reason.
    """

    recipe: str
    inputs: tuple[Column, ...]
    steps: tuple[FittedStep, ...]
    outputs: tuple[str, ...]
    categorical: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
