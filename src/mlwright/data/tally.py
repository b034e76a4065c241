"""Numbers counted: each different one in order of size, with how often it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 20
"""How many bars a histogram has at most."""

_DENSE = 4
_EDGE = 0.01

Numbers = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Different numbers in order of size, and how often each stands; all facts come from these."""

    values: Numbers
    counts: Counts

    @cached_property
    def total(self) -> int:
        """How many numbers there are."""
        return int(self.counts.sum())

    @cached_property
    def finite(self) -> Tally:
        """The same without infinities."""
        inside = np.isfinite(self.values)
        return self if inside.all() else Tally(self.values[inside], self.counts[inside])

    @cached_property
    def mean(self) -> float | None:
        """The mean; None of nothing, and where the sum is beyond a float."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _finite(self._sum(self.values) / self.total) if self.total else None

    @cached_property
    def deviation(self) -> float | None:
        """The standard deviation, of one number or none None."""
        if self.total < 2:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            return _finite(np.sqrt(self._moment(2) * (self.total / (self.total - 1))))

    @cached_property
    def skew(self) -> float | None:
        """The third moment over the standard deviation: 0 where both sides are alike."""
        if self.total < 3:
            return None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            spread = self._moment(2) ** 1.5
            return _finite(self._moment(3) / spread) if spread > 0 else None

    def quantiles(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the least numbers that so large a share of all do not exceed."""
        if not self.total:
            return ()
        ranks = np.maximum(np.ceil(np.asarray(shares) * self.total), 1)
        return tuple(float(x) for x in self.values[np.searchsorted(self._up_to, ranks)])

    def histogram(self, bins: int = BINS) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Return the edges of bars and how many numbers lie in each: from an edge to the next.

        Bars are equally wide between the first and the last hundredth, so that a far value does
        not flatten them; the outer ones reach to the least and the greatest number.
        """
        if len(self.values) < 2:
            return (), ()
        low, high = self.quantiles((_EDGE, 1 - _EDGE))
        if not low < high:
            low, high = float(self.values[0]), float(self.values[-1])
        if not math.isfinite(high - low):
            return (), ()
        inner = np.unique(np.linspace(low, high, min(bins, len(self.values)) + 1)[1:-1])
        before = np.searchsorted(self.values, inner)
        ends = np.concatenate([[0], self._up_to])[np.concatenate([[0], before, [len(self.counts)]])]
        edges = (float(self.values[0]), *inner.tolist(), float(self.values[-1]))
        return edges, tuple(np.diff(ends).tolist())

    @cached_property
    def _up_to(self) -> Counts:
        return np.cumsum(self.counts)

    def _moment(self, power: int) -> np.float64:
        away = np.asarray(self.values, np.float64) - self._sum(self.values) / self.total
        return self._sum(away**power) / self.total

    def _sum(self, values: Numbers) -> np.float64:
        # Not by a dot product: its last digits differ between kinds of processor.
        return np.float64((np.asarray(values, np.float64) * self.counts).sum())


def tally(numbers: Numbers) -> Tally:
    """Return numbers counted; whole ones over a narrow range are not even sorted."""
    if not len(numbers):
        return Tally(numbers, np.empty(0, np.int64))
    if numbers.dtype == np.int64:
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < _DENSE * len(numbers):
            counts = np.bincount(numbers - low)
            there = np.flatnonzero(counts)
            return Tally(there + low, counts[there].astype(np.int64))
    ordered = np.sort(numbers)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.concatenate([starts, [len(ordered)]]))
    different = ordered[starts]
    # Zero has two signs, of which either may come first.
    return Tally(different if different.dtype == np.int64 else different + 0.0, counts)


def _finite(value: np.float64 | float) -> float | None:
    """Return 12 digits: the last ones of a long sum differ between kinds of processor."""
    return float(f"{value:.12g}") if math.isfinite(value) else None
