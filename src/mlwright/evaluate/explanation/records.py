"""What leaves the explanation of a model: what each column is worth to it, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.data.records import Kind, Scalar
from mlwright.stats.records import Interval


@dataclass(frozen=True, slots=True)
class Importance:
    """What a column is worth to a model.

    ``loss`` is how much worse the model's metric is when the column's cells are dealt out anew
    among the rows: positive is worse, whichever way the metric points. ``contribution`` is the mean
    over rows (and classes) of the absolute amount the column adds to the model's own score, exact
    for each row; ``share`` is its share of what all columns add.
    """

    column: str
    loss: Interval
    contribution: float
    share: float


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a column, how many rows lie near it, and the mean answer if all rows had it.

    ``value`` is None for a missing cell. ``answer`` has the interval of a mean over the rows.
    """

    value: Scalar | None
    rows: int
    answer: Interval


@dataclass(frozen=True, slots=True)
class Dependence:
    """What a model answers on average along one column, all other cells as they are.

    ``output`` is the class whose probability is answered, None for a number. ``ordered`` levels are
    points on an axis; others are categories, the most frequent first, and ``unshown`` rows have
    a category that is not among them.
    """

    column: str
    kind: Kind
    output: Scalar | None
    ordered: bool
    levels: tuple[Level, ...]
    unshown: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model goes by, as a whole; nothing in it where ``left_out`` says why.

    ``method`` tells which rows the columns were shuffled on: ``rows`` of them, each column
    ``repeats`` times, the loss in ``metric``. ``contributed`` rows were taken apart, in the unit of
    ``scale``; ``background`` rows stand behind each mean answer, ``supported`` rows behind the
    counts of how many lie near it. ``importances`` are ordered, what matters most first.
    """

    method: str
    metric: str
    rows: int
    repeats: int
    contributed: int
    background: int
    supported: int
    scale: str
    importances: tuple[Importance, ...]
    dependences: tuple[Dependence, ...]
    left_out: str | None = None
