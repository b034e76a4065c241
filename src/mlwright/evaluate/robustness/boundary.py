"""How little has to change in a row until its decision does: a search that only asks for answers.

For each row the nearest rows that are decided otherwise are where the search begins. Column by
column it takes back what is not needed, for all rows at once, then goes along the straight line
towards the row itself by halves, and takes back once more. The way it ends is the smallest that
this search found; there may be a smaller one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlwright.evaluate.robustness.changes.numbers import like, number_columns
from mlwright.evaluate.robustness.records import NEAR, Boundary
from mlwright.evaluate.robustness.subject import Subject, spread_of
from mlwright.features.numbers import numbers_of
from mlwright.stats.bootstrap import mean_interval, observed, replicates, summarise
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson
from mlwright.stats.spread import apart

MOST_ROWS = 100
MOST_POOL = 1_000
NEAREST = 2
"""Rows decided otherwise from which the search begins; the better end is kept."""

HALVES = 8
_MOST_COLUMNS = 100

_Mask = NDArray[np.bool_]


def boundary(subject: Subject) -> Boundary:
    """Return how far rows are from another decision.

    Nothing is found where all rows are decided alike, so that there is nowhere to begin.
    """
    if subject.decide is None:
        raise TypeError("a regression decides nothing")
    pool = subject.evenly(MOST_POOL)
    decided = subject.decide(pool.ask(pool.rows))
    if len(np.unique(decided)) < 2:
        nothing = Interval(math.nan, math.nan, math.nan)
        said = f"All of {len(decided):,} rows are decided alike: there is no boundary among them."
        return Boundary(0, nothing, nothing, nothing, {}, subject.seed, said)
    measure = _Measure(pool)
    some = _evenly(len(pool.y), MOST_ROWS)
    starts = _starts(measure, decided, some)
    ends = [_search(subject, pool, measure, decided, some, starts[:, k]) for k in range(NEAREST)]
    distances = np.stack([end.distance for end in ends])
    best = distances.argmin(axis=0)
    chosen = distances[best, np.arange(len(some))]
    # What the pool itself cost is asked once for all rows.
    queries = np.sum([end.queries for end in ends], axis=0) + len(pool.y) / len(some)
    taken = Counter(
        name
        for name in measure.names
        for row, end in enumerate(best)
        if ends[end].changed[name][row]
    )
    distance = _median(chosen, subject.seed)
    near = wilson(float((chosen <= NEAR).sum()), len(chosen))
    asked = mean_interval(queries, seed=subject.seed)
    often = dict(taken.most_common(10))
    said = (
        f"Half of the decisions change when the row moves by {distance.value:.2g} (95 %:"
        f" {distance.low:.2g} to {distance.high:.2g}; a spread of a number counts 1, another"
        f" category 1) or less, {near.value:.0%} within {NEAR}; finding that took"
        f" {asked.value:,.0f} queries a row."
    )
    return Boundary(len(some), distance, near, asked, often, subject.seed, said)


@dataclass(frozen=True, slots=True, eq=False)
class _Measure:
    """How far two rows are apart: numbers in spreads, everything else 0 or 1."""

    pool: Subject

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.pool.inputs)[:_MOST_COLUMNS]

    def column(self, name: str, first: pl.Series, second: pl.Series) -> FloatArray:
        """Return how far each cell is from the other."""
        differs = first.ne_missing(second).to_numpy().astype(np.float64)
        if name not in number_columns(self.pool.inputs):
            return differs
        spread = spread_of(self.pool.rows[name])
        far = np.abs(apart(numbers_of(first), numbers_of(second), spread))
        known: FloatArray = np.where(np.isfinite(far), far, differs)
        return known

    def rows(self, first: pl.DataFrame, second: pl.DataFrame) -> FloatArray:
        """Return how far each row is from the other."""
        each = [self.column(name, first[name], second[name]) for name in self.names]
        summed: FloatArray = np.sum(np.stack(each), axis=0)
        return summed


def _starts(measure: _Measure, decided: IntArray, some: IntArray) -> IntArray:
    """Return for each row the nearest of the pool that are decided otherwise."""
    rows = measure.pool.rows
    found = np.empty((len(some), NEAREST), dtype=np.intp)
    for place, row in enumerate(some):
        others = np.flatnonzero(decided != decided[row])
        one = rows[np.full(len(others), row)]
        far = measure.rows(one, rows[others])
        near = others[np.argsort(far, kind="stable")[:NEAREST]]
        found[place] = np.resize(near, NEAREST)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """Where the search of each row ended, what it changed and how often it asked."""

    distance: FloatArray
    changed: dict[str, _Mask]
    queries: FloatArray


def _search(
    subject: Subject,
    pool: Subject,
    measure: _Measure,
    decided: IntArray,
    some: IntArray,
    start: IntArray,
) -> _End:
    own, old = pool.rows[some], decided[some]
    decide = subject.decide
    assert decide is not None
    queries = np.zeros(len(some))

    def flips(rows: pl.DataFrame, asked: _Mask) -> _Mask:
        """Ask about some of the rows; the others are as good as not flipped."""
        queries[asked] += 1
        found = np.zeros(len(some), dtype=np.bool_)
        if asked.any():
            there = np.flatnonzero(asked)
            found[there] = decide(subject.ask(rows[there])) != old[there]
        return found

    now = _take_back(measure, own, pool.rows[start], flips)
    now = _halve(pool, own, now, flips)
    now = _take_back(measure, own, now, flips)
    changed = {
        name: now[name].ne_missing(own[name]).to_numpy().astype(np.bool_) for name in measure.names
    }
    return _End(measure.rows(own, now), changed, queries)


_Flips = Callable[[pl.DataFrame, _Mask], _Mask]


def _take_back(
    measure: _Measure, own: pl.DataFrame, now: pl.DataFrame, flips: _Flips
) -> pl.DataFrame:
    """Give back each column its own cell wherever the decision stays flipped, the dearest first."""
    cost = {name: measure.column(name, own[name], now[name]).sum() for name in measure.names}
    for name in sorted(measure.names, key=lambda each: -cost[each]):
        differs = now[name].ne_missing(own[name]).to_numpy().astype(np.bool_)
        tried = now.with_columns(own[name])
        kept = flips(tried, differs)
        now = now.with_columns(own[name].zip_with(pl.Series(kept), now[name]))
    return now


def _halve(pool: Subject, own: pl.DataFrame, now: pl.DataFrame, flips: _Flips) -> pl.DataFrame:
    """Go from each row's other end towards the row itself, in all its numbers, by halves."""
    names = number_columns(pool.inputs)
    moving = {name: _apart(numbers_of(own[name]), numbers_of(now[name])) for name in names}
    if not moving:
        return now
    asked = np.any(np.stack(list(moving.values())), axis=0)
    near, far = np.zeros(own.height), np.ones(own.height)
    best = now
    for _ in range(HALVES):
        middle = (near + far) / 2
        tried = now.with_columns(_between(own, now, name, moving[name], middle) for name in names)
        flipped = flips(tried, asked)
        best = _rows_from(best, tried, flipped)
        near, far = np.where(flipped, near, middle), np.where(flipped, middle, far)
    return best


def _apart(start: FloatArray, end: FloatArray) -> _Mask:
    differs: _Mask = np.isfinite(start) & np.isfinite(end) & (start != end)
    return differs


def _between(
    own: pl.DataFrame, now: pl.DataFrame, name: str, moving: _Mask, share: FloatArray
) -> pl.Series:
    # Halves: the distance between the largest numbers of either sign is no number.
    start, end = (np.where(moving, numbers_of(each[name]) / 2, 0.0) for each in (own, now))
    middle = like(own[name], 2 * (start + (end - start) * share))
    return middle.zip_with(pl.Series(moving), now[name])


def _rows_from(first: pl.DataFrame, second: pl.DataFrame, mask: _Mask) -> pl.DataFrame:
    chosen = pl.Series(mask)
    return pl.DataFrame([second[name].zip_with(chosen, first[name]) for name in first.columns])


def _median(values: FloatArray, seed: int) -> Interval:
    order = np.argsort(values, kind="stable")
    ordered = values[order]

    def median(counts: FloatArray) -> FloatArray:
        seen = np.cumsum(counts[:, order], axis=1)
        place = (seen < seen[:, -1:] / 2).sum(axis=1)
        found: FloatArray = ordered[np.minimum(place, len(ordered) - 1)]
        return found

    found = replicates([median], len(values), seed=seed, resamples=1_000)
    return summarise(float(observed([median], len(values))[0]), found[0])


def _evenly(count: int, most: int) -> IntArray:
    kept = min(count, most)
    return np.arange(kept, dtype=np.intp) * count // max(kept, 1)
