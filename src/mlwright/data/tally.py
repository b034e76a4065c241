"""Numbers counted: each different one in order of size, with how often it stands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 20
"""How many bars a histogram has at most."""

_DENSE = 4
_FEW = 1_000
_BLOCK = 16_384
_EDGE = 0.01
_WIDEST = 1e300  # steps over a wider range are beyond a float

Numbers = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Numbers in order of size: each different one with how often it stands, or all of them.

    ``counts`` is None where every number is listed as often as it stands.
    """

    values: Numbers
    counts: Counts | None

    @cached_property
    def total(self) -> int:
        """How many numbers there are."""
        return len(self.values) if self.counts is None else int(self.counts.sum())

    @cached_property
    def different(self) -> int:
        """How many of them differ."""
        if self.counts is not None or not len(self.values):
            return len(self.values)
        return 1 + int(np.count_nonzero(self.values[1:] != self.values[:-1]))

    @cached_property
    def finite(self) -> Tally:
        """The same without infinities."""
        if not len(self.values) or np.isfinite(self.values[[0, -1]]).all():
            return self
        inside = np.isfinite(self.values)
        return Tally(self.values[inside], None if self.counts is None else self.counts[inside])

    @cached_property
    def mean(self) -> float | None:
        """The mean; None of nothing, and where the sum is beyond a float."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _finite(self._mean) if self.total else None

    @cached_property
    def deviation(self) -> float | None:
        """The standard deviation, of one number or none None."""
        if self.total < 2:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            second, _ = self._moments
            return _finite(np.sqrt(second * (self.total / (self.total - 1))))

    @cached_property
    def skew(self) -> float | None:
        """The third moment over the standard deviation: 0 where both sides are alike."""
        if self.total < 3:
            return None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            second, third = self._moments
            return _finite(third / second**1.5) if second > 0 else None

    def quantiles(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the least numbers that so large a share of all do not exceed."""
        if not self.total:
            return ()
        ranks = np.maximum(np.ceil(np.asarray(shares) * self.total).astype(np.int64), 1)
        places = ranks - 1 if self.counts is None else np.searchsorted(self._up_to, ranks)
        return tuple(float(x) for x in self.values[places])

    def histogram(self, bins: int = BINS) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Return the edges of bars and how many numbers lie in each: from an edge to the next.

        Bars are equally wide between the first and the last hundredth, so that a far value does
        not flatten them; the outer ones reach to the least and the greatest number.
        """
        if self.different < 2:
            return (), ()
        low, high = self.quantiles((_EDGE, 1 - _EDGE))
        if not low < high:
            low, high = float(self.values[0]), float(self.values[-1])
        if not high - low < _WIDEST:
            return (), ()
        inner = np.linspace(low, high, min(bins, self.different) + 1)[1:-1]
        # Not by np.unique, whose first call brings in a library of masked arrays.
        inner = inner[np.diff(inner, prepend=-np.inf) > 0]
        before = np.searchsorted(self.values, inner)
        if self.counts is not None:
            before = np.concatenate([[0], self._up_to])[before]
        edges = (float(self.values[0]), *inner.tolist(), float(self.values[-1]))
        return edges, tuple(np.diff([0, *before.tolist(), self.total]).tolist())

    @cached_property
    def _up_to(self) -> Counts:
        assert self.counts is not None, "every number is listed"
        return np.cumsum(self.counts)

    @cached_property
    def _mean(self) -> np.float64:
        sums = [(values * weights).sum() for values, weights in self._blocks()]
        return np.float64(np.sum(sums)) / self.total

    @cached_property
    def _moments(self) -> tuple[np.float64, np.float64]:
        """The second and third moment about the mean."""
        second, third = [], []
        for values, weights in self._blocks():
            away = values - self._mean
            power = away * away * weights
            second.append(power.sum())
            third.append((power * away).sum())
        # Not by dot products: their last digits differ between kinds of processor.
        return np.float64(np.sum(second)) / self.total, np.float64(np.sum(third)) / self.total

    def _blocks(self) -> Iterator[tuple[Numbers, Counts | int]]:
        """Give numbers and how often each counts, as many at once as stay near the processor."""
        for start in range(0, len(self.values), _BLOCK):
            some = slice(start, start + _BLOCK)
            weights = 1 if self.counts is None else self.counts[some]
            yield self.values[some].astype(np.float64), weights


def tally(numbers: Numbers) -> Tally:
    """Return numbers in order of size; whole ones over a narrow range are counted."""
    if len(numbers) and numbers.dtype == np.int64:
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < max(_FEW, len(numbers) // _DENSE):
            counts = np.bincount(numbers - low)
            there = np.flatnonzero(counts)
            return Tally(there + low, counts[there])
    # Zero has two signs, of which either may come first.
    ordered = np.sort(numbers)
    return Tally(ordered if ordered.dtype == np.int64 else np.add(ordered, 0.0, out=ordered), None)


def _finite(value: np.float64 | float) -> float | None:
    """Return 12 digits: the last ones of a long sum differ between kinds of processor."""
    return float(f"{value:.12g}") if math.isfinite(value) else None
