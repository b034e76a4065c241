"""The rows that leaks are looked for in: labelled, outside the sealed test part, not too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.table import Table
from mlwright.stats.explained import Explained, explained, straight

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST_ROWS = 50_000
_FEWEST_ROWS = 2_000
_MOST_CELLS = 10_000_000
_MOST_CLASSES = 20
_FOLDS = 5
_BINS = 256
_ROWS_A_BIN = 20


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows with a known target: their columns, and the target as numbers in one way or two.

    ``answers`` holds rows x classes, or of amounts the values themselves and their ranks: a copy
    on another scale explains the ranks. ``rows`` are the positions taken from the table.
    """

    frame: pl.DataFrame
    target: str
    is_amount: bool
    features: tuple[str, ...]
    rows: Codes
    answers: tuple[Numbers, ...]
    folds: Codes
    _told: dict[str, Explained] = field(default_factory=dict)

    def told_by(self, name: str) -> Explained:
        """Return how much of the target one column tells, on rows not fitted on."""
        if name not in self._told:
            series = self.frame[name]
            found = [self.told(coded(series))]
            if self.is_amount and series.dtype.is_numeric():
                sizes = (as_numbers(series), as_numbers(series.rank()))
                found += [straight(x, y[:, 0]) for x, y in zip(sizes, self.answers, strict=True)]
            self._told[name] = max(found, key=lambda each: each.share)
        return self._told[name]

    def told(self, codes: Codes, *, prior: float = 1.0, known: bool = False) -> Explained:
        """Return how much of the target groups of rows tell, on rows not fitted on."""
        found = (
            explained(codes, answers, self.folds, prior=prior, known=known)
            for answers in self.answers
        )
        return max(found, key=lambda each: each.share)


def draw(
    table: Table, target: str, features: Sequence[str], *, is_amount: bool, within: Codes
) -> Sample:
    """Return a sample of the rows ``within``, evenly drawn.

    The more columns and classes, the fewer rows: the work stays the same.
    """
    answer = table.frame[target].gather(within)
    known = within[answer.is_not_null().to_numpy() & _is_number(answer)]
    classes = 2 if is_amount else min(answer.n_unique(), _MOST_CLASSES)
    most = _MOST_CELLS // max(1, len(features) * classes)
    rows = evenly(known, min(MOST_ROWS, max(_FEWEST_ROWS, most)))
    frame = table.frame.select(*features, target)[rows]
    answers = amounts(frame[target]) if is_amount else (one_hot(frame[target]),)
    # The rows stand in the order of their ids or of time, which no fold may follow.
    folds = np.random.default_rng(0).permutation(len(rows)) % _FOLDS
    return Sample(frame, target, is_amount, tuple(features), rows, answers, folds.astype(np.int64))


def evenly(places: Codes, most: int) -> Codes:
    """Return at most so many of some places, evenly drawn from the whole length."""
    if len(places) <= most:
        return places
    return places[np.arange(most, dtype=np.int64) * len(places) // most]


def one_hot(answer: pl.Series) -> Numbers:
    """Return a column of zeros and ones for each class, the rarest of many together in one."""
    counts = answer.value_counts(sort=True, name="rows of it")[answer.name]
    common = counts.sort().to_list() if len(counts) <= _MOST_CLASSES else None
    classes = common or counts.head(_MOST_CLASSES - 1).to_list()
    # Of two classes one column says it all.
    named = classes[1:] if len(classes) == 2 and common else classes
    return np.column_stack([(answer == each).to_numpy() for each in named]).astype(np.float64)


def amounts(answer: pl.Series) -> tuple[Numbers, ...]:
    """Return amounts as they are and as ranks."""
    values = answer.cast(pl.Float64).to_numpy()
    values = values / max(float(np.abs(values).max(initial=0.0)), 1e-300)
    ranks = answer.rank().to_numpy().astype(np.float64)
    return values[:, None], ranks[:, None]


def coded(series: pl.Series) -> Codes:
    """Return the groups of rows a column makes: by value, or of numbers and moments by size."""
    if series.dtype in (pl.Boolean(), pl.String()):
        return by_value(series)
    return by_size(as_numbers(series))


def _is_number(answer: pl.Series) -> Mask:
    if not answer.dtype.is_float():
        return np.ones(len(answer), np.bool_)
    return answer.is_finite().fill_null(value=False).to_numpy()


def by_value(series: pl.Series) -> Codes:
    """Return groups of equal value; a missing cell is a group of its own, number 0."""
    return series.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def by_size(numbers: Numbers) -> Codes:
    """Return groups of like size; what is not a number is a group of its own, number 0."""
    known = np.isfinite(numbers)
    different = np.unique(numbers[known])
    bins = max(8, min(_BINS, len(numbers) // _ROWS_A_BIN))
    if len(different) > bins:
        shares = np.linspace(0, 1, bins + 1)[1:-1]
        different = np.unique(np.quantile(numbers[known], shares, method="nearest"))
    codes = np.searchsorted(different, numbers, side="right") + 1
    return np.where(known, codes, 0).astype(np.int64)


def as_numbers(series: pl.Series) -> Numbers:
    """Return numbers or moments as floats; not a number where there is none."""
    plain = series if series.dtype.is_numeric() else series.to_physical()
    return plain.cast(pl.Float64).fill_null(float("nan")).to_numpy()
