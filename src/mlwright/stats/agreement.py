"""How far people who judged the same rows agree, beyond what chance alone would give.

``answers`` is raters x units: whole numbers that name categories, or numbers, NaN where a rater
gave none. A unit is a row that was judged. Sources: Cohen (1960), Educational and Psychological
Measurement 20, 37-46; Fleiss (1971), Psychological Bulletin 76, 378-382; Krippendorff (2011),
Computing Krippendorff's Alpha-Reliability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mlwright.stats.bootstrap import RESAMPLES, observed, replicates, summarise
from mlwright.stats.counts import (
    FloatArray,
    IntArray,
    Statistic,
    counted_cells,
    ratio,
    total,
    undefined,
)
from mlwright.stats.records import Interval

NOMINAL = "nominal"
ORDINAL = "ordinal"
INTERVAL = "interval"
LEVELS = (NOMINAL, ORDINAL, INTERVAL)
"""How far apart two answers are: all alike, by the answers in between, or by their difference."""


def agreement_interval(
    statistic: Statistic, units: int, *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Return a coefficient with its 95 % bootstrap interval, over the units."""
    found = replicates([statistic], units, seed=seed, resamples=resamples)
    return summarise(float(observed([statistic], units)[0]), found[0])


def raw_agreement(answers: FloatArray) -> Statistic:
    """Return the share of pairs of answers to the same unit that are equal."""
    given = _counts_of_values(answers)
    of = given.sum(axis=1)
    pairs = of * (of - 1)
    equal = (given * (given - 1)).sum(axis=1)

    def statistic(counts: FloatArray) -> FloatArray:
        return ratio(total(counts * equal), total(counts * pairs))

    return statistic


def cohen_kappa(answers: FloatArray) -> Statistic:
    """Return Cohen's kappa of two raters, over the units both judged.

    >>> both = np.array([[0.0] * 25 + [1.0] * 25, [0.0] * 20 + [1.0] * 5 + [0.0] * 10 + [1.0] * 15])
    >>> round(float(cohen_kappa(both)(np.ones((1, 50)))[0]), 6)
    0.4
    """
    if len(answers) != 2:
        raise ValueError(f"Cohen's kappa is of two raters, not of {len(answers)}")
    both = np.isfinite(answers).all(axis=0)
    categories, codes = _coded(answers[:, both])
    if not both.any():
        return undefined
    pair: IntArray = codes[0] * categories + codes[1]

    def statistic(counts: FloatArray) -> FloatArray:
        cells = counted_cells(pair, categories * categories, counts[:, both])
        table = cells.reshape(-1, categories, categories)
        size = total(cells)
        equal = total(np.diagonal(table, axis1=1, axis2=2))
        by_chance = total(table.sum(axis=1) * table.sum(axis=2))
        # Over counts rather than shares: (n·equal - chance) / (n² - chance).
        return ratio(size * equal - by_chance, size * size - by_chance)

    return statistic


def fleiss_kappa(answers: FloatArray, raters: int) -> Statistic:
    """Return Fleiss's kappa over the units that exactly ``raters`` people judged."""
    if raters < 2:
        raise ValueError(f"agreement is between two raters at least, not {raters}")
    given = _counts_of_values(answers)
    used = given.sum(axis=1) == raters
    if not used.any():
        return undefined
    given = given[used]
    agreed = (given * (given - 1)).sum(axis=1) / (raters * (raters - 1))

    def statistic(counts: FloatArray) -> FloatArray:
        counted = counts[:, used]
        size = total(counted)
        observed_share = ratio(total(counted * agreed), size)
        shares = _weighted(given, counted) / (raters * np.where(size > 0, size, 1.0))[:, None]
        by_chance = total(shares * shares)
        return ratio(observed_share - by_chance, 1.0 - by_chance)

    return statistic


def krippendorff_alpha(answers: FloatArray, level: str = NOMINAL) -> Statistic:
    """Return Krippendorff's alpha: any number of raters, answers missing anywhere.

    Parameters
    ----------
    level
        ``nominal``, ``ordinal`` or ``interval``. Ordinal answers are as far apart as there are
        answers between them, half of their own among these: the difference of their mean ranks.
    """
    return _ALPHAS[level](answers)


def _nominal(answers: FloatArray) -> Statistic:
    given = _pairable(_counts_of_values(answers))
    of = given.sum(axis=1)
    apart = ratio(of * of - (given * given).sum(axis=1), of - 1)

    def statistic(counts: FloatArray) -> FloatArray:
        totals = _weighted(given, counts)
        size = total(totals)
        expected = size * size - total(totals * totals)
        return _alpha(total(counts * np.nan_to_num(apart)), expected, size)

    return statistic


def _ordinal(answers: FloatArray) -> Statistic:
    given = _pairable(_counts_of_values(answers))
    of = given.sum(axis=1)
    weight = 2.0 * np.nan_to_num(ratio(np.ones(len(of)), of - 1))

    def statistic(counts: FloatArray) -> FloatArray:
        totals = _weighted(given, counts)
        size = total(totals)
        ranks = np.cumsum(totals, axis=1) - totals / 2.0
        first, second = (_by_unit(given, power) for power in (ranks, ranks * ranks))
        apart = weight * (of * second - first * first)
        expected = 2.0 * (size * total(totals * ranks * ranks) - total(totals * ranks) ** 2)
        return _alpha(total(counts * apart), expected, size)

    return statistic


def _interval(answers: FloatArray) -> Statistic:
    known = np.isfinite(answers)
    of = known.sum(axis=0).astype(np.float64)
    of = np.where(of >= 2, of, 0.0)
    # About their mean: far from zero the difference of two large sums would lose its digits.
    middle = float(answers[known].mean()) if known.any() else 0.0
    values = np.where(known & (of >= 2), answers - middle, 0.0)
    first, second = values.sum(axis=0), (values * values).sum(axis=0)
    spread = ((values - ratio(first, of)) ** 2 * (known & (of >= 2))).sum(axis=0)
    apart = 2.0 * np.nan_to_num(ratio(of * spread, of - 1))

    def statistic(counts: FloatArray) -> FloatArray:
        size = total(counts * of)
        expected = 2.0 * (size * total(counts * second) - total(counts * first) ** 2)
        return _alpha(total(counts * apart), expected, size)

    return statistic


_ALPHAS: Mapping[str, Callable[[FloatArray], Statistic]] = {
    NOMINAL: _nominal,
    ORDINAL: _ordinal,
    INTERVAL: _interval,
}


def _alpha(apart: FloatArray, expected: FloatArray, size: FloatArray) -> FloatArray:
    found: FloatArray = 1.0 - (size - 1.0) * ratio(apart, expected)
    return found


def _coded(answers: FloatArray) -> tuple[int, IntArray]:
    """Return how many different answers there are, and each answer's number; -1 for none."""
    values = np.unique(answers[np.isfinite(answers)])
    codes = np.searchsorted(values, answers).astype(np.intp)
    return len(values), np.where(np.isfinite(answers), codes, -1)


def _counts_of_values(answers: FloatArray) -> FloatArray:
    """Return units x values: how often each unit was given each value, values in order."""
    categories, codes = _coded(answers)
    units = answers.shape[1]
    known = codes >= 0
    places = np.broadcast_to(np.arange(units), codes.shape)[known] * categories + codes[known]
    cells = np.bincount(places, minlength=units * categories)
    return cells.reshape(units, categories).astype(np.float64)


def _pairable(given: FloatArray) -> FloatArray:
    """Return the counts with units of fewer than two answers emptied: they show no agreement."""
    kept: FloatArray = given * (given.sum(axis=1) >= 2)[:, None]
    return kept


def _weighted(given: FloatArray, counts: FloatArray) -> FloatArray:
    """Return lines x values: how often each value was given, by each line's counts."""
    found = [total(counts * column) for column in given.T]
    summed: FloatArray = np.array(found, dtype=np.float64).reshape(given.shape[1], len(counts)).T
    return summed


def _by_unit(given: FloatArray, values: FloatArray) -> FloatArray:
    """Return lines x units: each unit's sum over what it was given, valued by each line."""
    summed = np.zeros((len(values), len(given)))
    for column, value in zip(given.T, values.T, strict=True):
        summed += value[:, None] * column
    return summed
