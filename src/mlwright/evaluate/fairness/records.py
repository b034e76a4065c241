"""What leaves the comparison of groups: rates, gaps, gaps of labels, remedies with their price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.stats.records import Interval

LABEL_GAP = "label_gap"
"""The value of a rule about labels: the widest gap of a column's groups."""


@dataclass(frozen=True, slots=True)
class GroupTold:
    """A group with its rates; ``compared`` names the gaps it has enough rows for.

    ``calibration`` is how much more often the group turned out positive than was stated of it.
    """

    group: str
    rows: int
    positives: int
    selection_rate: Interval
    true_positive_rate: Interval
    false_positive_rate: Interval
    calibration: Interval
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GapTold:
    """A gap: between which groups, and whether chance explains it.

    ``chance`` is that of so large a gap where there is none; ``real`` says that it stands when
    every gap that was looked at is counted.
    """

    name: str
    size: Interval
    most: str
    least: str
    chance: float
    real: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The groups of a column, or of several crossed, and the gaps between them.

    ``small`` are groups with too few rows for any rate.
    """

    name: str
    columns: tuple[str, ...]
    groups: tuple[GroupTold, ...]
    gaps: tuple[GapTold, ...]
    small: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelGap:
    """How much more often a group is labelled positive than others whose other columns are alike.

    Below 0 it is labelled positive less often. ``chance`` and ``real`` are those of
    :class:`GapTold`.
    """

    column: str
    group: str
    rows: int
    size: Interval
    chance: float
    real: bool
    said: str


@dataclass(frozen=True, slots=True)
class LabelGaps:
    """How differently the groups of protected columns are labelled, in rows outside the test part.

    ``protected`` are the columns, ``tested`` counts the groups looked at, of which ``rate`` at most
    are believed wrongly.
    """

    rows: int
    protected: tuple[str, ...]
    gaps: tuple[LabelGap, ...]
    tested: int
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class Remedy:
    """What treating the groups of a column more alike does, and what it costs.

    ``before`` and ``after`` are the gaps; ``price`` is how much worse each metric gets, paired on
    the same rows, below 0 where it gets better.
    """

    how: str
    column: str
    before: Mapping[str, Interval]
    after: Mapping[str, Interval]
    price: Mapping[str, Interval]
    said: str


@dataclass(frozen=True, slots=True)
class Remedies:
    """Each remedy for each protected column, judged on rows that neither saw; ``metric`` is paid.

    ``without`` says why a column has none.
    """

    method: str
    rows: int
    metric: str
    tried: tuple[Remedy, ...]
    without: Mapping[str, str]
    seed: int


@dataclass(frozen=True, slots=True)
class Fairness:
    """How a model treats the groups of protected columns, on rows it never saw.

    ``positive`` is the class that is selected. ``tested`` counts the gaps looked at, of which
    ``rate`` at most are believed wrongly.
    """

    method: str
    rows: int
    positive: str
    smallest: int
    compared: tuple[Compared, ...]
    tested: int
    rate: float
    seed: int
    resamples: int

    @property
    def real(self) -> tuple[tuple[str, GapTold], ...]:
        """The gaps that stand, each with the name of its groups, the widest first."""
        found = [(each.name, gap) for each in self.compared for gap in each.gaps if gap.real]
        return tuple(sorted(found, key=lambda each: -each[1].size.value))
