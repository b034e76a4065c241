"""Percentile intervals by seeded resampling, of rows or of whole units, many statistics at once.

A resample is never a table: it is a line of counts (how often each row was drawn), and every
statistic is computed from the counts. All statistics of one call see the same resamples, so that
differences between two models on the same rows are paired.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray, Statistic, ratio, total
from mlwright.stats.metrics import Metric
from mlwright.stats.records import Interval

RESAMPLES = 1_000
RESAMPLES_OF_MANY_ROWS = 500
FEWEST_RESAMPLES = 200
MANY_ROWS = 20_000
MOST_WORK = 400_000_000
"""Resamples times rows times outputs from which fewer are drawn: some seconds for three models."""

LEVEL = 0.95

# Past this share of resamples without a value (a class that was not drawn), no end is stated.
_MOST_UNDEFINED = 0.10
# Counts held at once: lines x rows that fit a processor's cache.
_CHUNK = 1 << 16


def resamples_for(rows: int, outputs: int = 1) -> int:
    """Return how many resamples to draw: 1,000, 500 above 20,000 rows, fewer for many classes.

    The ends of a 95 % interval from 500 resamples wander by about a twentieth of its width; with
    that many rows the interval is narrow, and the time is better spent elsewhere. A resample of
    many classes ranks the rows once for each: as many are drawn as ``MOST_WORK`` allows, and at
    least ``FEWEST_RESAMPLES``, whose ends wander by about a twelfth.
    """
    usual = RESAMPLES if rows <= MANY_ROWS else RESAMPLES_OF_MANY_ROWS
    return max(FEWEST_RESAMPLES, min(usual, MOST_WORK // max(rows * outputs, 1)))


def replicates(
    statistics: Sequence[Statistic],
    rows: int,
    *,
    seed: int,
    resamples: int,
    units: IntArray | None = None,
) -> FloatArray:
    """Return statistics x resamples: each statistic on each resample of the rows.

    Parameters
    ----------
    units
        The unit of each row, numbered from 0. Given, whole units are drawn instead of rows
        (the cluster bootstrap), because rows of one unit tell less than as many separate rows.
    """
    out = np.full((len(statistics), resamples), math.nan)
    if rows == 0 or not statistics:
        return out
    start = 0
    for counts in drawn_counts(rows, seed=seed, resamples=resamples, units=units):
        for index, statistic in enumerate(statistics):
            out[index, start : start + len(counts)] = statistic(counts)
        start += len(counts)
    return out


def drawn_counts(
    rows: int, *, seed: int, resamples: int, units: IntArray | None = None
) -> Iterator[FloatArray]:
    """Yield the resamples as lines of counts, a number of lines at a time."""
    draw = _drawer(rows, units, np.random.Generator(np.random.PCG64(seed)))
    step = max(1, min(resamples, _CHUNK // rows))
    for start in range(0, resamples, step):
        counts = np.empty((min(step, resamples - start), rows))
        for line in counts:
            line[:] = draw()
        yield counts


def _drawer(
    rows: int, units: IntArray | None, generator: np.random.Generator
) -> Callable[[], IntArray]:
    if units is not None and units.shape != (rows,):
        raise ValueError(f"{units.shape} units do not fit {rows} rows")
    drawn = rows if units is None else int(units.max()) + 1

    def draw() -> IntArray:
        counts = np.bincount(generator.integers(0, drawn, drawn), minlength=drawn)
        return counts if units is None else counts[units]

    return draw


def observed(statistics: Sequence[Statistic], rows: int) -> FloatArray:
    """Return each statistic with every row counted once."""
    once = np.ones((1, rows))
    return np.array([statistic(once)[0] for statistic in statistics])


def summarise(value: float, replicated: FloatArray, noise: FloatArray | None = None) -> Interval:
    """Return a value with the 95 % percentile interval of its replicates.

    Resamples without a value are left out; when they are more than a tenth of all, the ends are
    NaN.

    Parameters
    ----------
    noise
        Replicates of the bound on noise, for a value that noise can only inflate (a calibration
        error, the largest gap between groups) and whose percentiles would therefore never reach
        down to a truth of 0. The low end is then the value less what noise exceeds in one
        resample of twenty; the high end stays the percentile, which errs upwards.
    """
    defined = replicated[np.isfinite(replicated)]
    enough = len(defined) >= max(1, (1 - _MOST_UNDEFINED) * len(replicated))
    if not math.isfinite(value) or not enough:
        return Interval(value, math.nan, math.nan)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail]).tolist()
    if noise is not None:
        low = max(0.0, value - float(np.quantile(noise[np.isfinite(noise)], LEVEL)))
    return Interval(value, low, high)


def interval(
    metric: Metric,
    y: FloatArray,
    answers: FloatArray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    units: IntArray | None = None,
) -> Interval:
    """Return a metric with its 95 % interval."""
    noise = metric.noise(y, answers)
    statistics = [metric.statistic(y, answers), *([] if noise is None else [noise])]
    found = replicates(statistics, len(y), seed=seed, resamples=resamples, units=units)
    value = float(observed(statistics[:1], len(y))[0])
    return summarise(value, found[0], None if noise is None else found[1])


def paired_difference(
    metric: Metric,
    y: FloatArray,
    first: FloatArray,
    second: FloatArray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    units: IntArray | None = None,
) -> Interval:
    """Return ``metric(first) - metric(second)`` with its interval, both on the same resamples."""
    statistics = [metric.statistic(y, first), metric.statistic(y, second)]
    found = replicates(statistics, len(y), seed=seed, resamples=resamples, units=units)
    values = observed(statistics, len(y)).tolist()
    return summarise(values[0] - values[1], found[0] - found[1])


def mean_of(values: FloatArray) -> Statistic:
    """Return the mean of values as a function of how often each row counts."""
    return lambda counts: ratio(total(counts * values), total(counts))


def mean_interval(
    values: FloatArray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    units: IntArray | None = None,
) -> Interval:
    """Return the mean of values with its 95 % interval.

    >>> mean_interval(np.ones(50), seed=0)
    Interval(value=1.0, low=1.0, high=1.0)
    """
    mean = mean_of(values)
    found = replicates([mean], len(values), seed=seed, resamples=resamples, units=units)
    return summarise(float(observed([mean], len(values))[0]), found[0])
