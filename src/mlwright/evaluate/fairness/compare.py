"""The rates of groups with their intervals, the gaps between them, and which gaps stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from mlwright.evaluate.fairness.records import Compared, GapTold, GroupTold
from mlwright.evaluate.truth import CROSSED, Groups
from mlwright.stats.association import benjamini_hochberg
from mlwright.stats.bootstrap import MANY_ROWS, drawn_counts, summarise
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.fairness import (
    CALIBRATION,
    FALSE_POSITIVE,
    GAPS,
    SELECTION,
    TRUE_POSITIVE,
    group_rates,
    group_tables,
    rates_of,
)
from mlwright.stats.records import GroupRates, Interval
from mlwright.stats.shares import wilson

FALSE_DISCOVERIES = 0.05
RESAMPLES = 2_000
"""The chance of a gap is a share of the resamples: many gaps at once need small ones told."""

RESAMPLES_OF_MANY_ROWS = 1_000
MOST_CROSSED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Rows with their truth, whether they were selected and how surely, as ones and noughts."""

    positive: FloatArray
    selected: FloatArray
    stated: FloatArray
    units: IntArray


def crossings(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns and of every two or three of them crossed.

    >>> crossings(["sex", "race"])
    ('sex', 'race', 'sex & race')
    """
    sizes = range(1, min(len(columns), MOST_CROSSED) + 1)
    return tuple(CROSSED.join(some) for size in sizes for some in combinations(columns, size))


def resamples_for(rows: int) -> int:
    """Return how many resamples the intervals of so many rows are from."""
    return RESAMPLES if rows <= MANY_ROWS else RESAMPLES_OF_MANY_ROWS


def compare(
    decided: Decided, groups: Mapping[str, tuple[tuple[str, ...], Groups]], *, seed: int
) -> tuple[Compared, ...]:
    """Return groups and gaps; a gap is real by Benjamini and Hochberg (1995) over all of them.

    Parameters
    ----------
    groups
        By name: the columns they are of, and the groups.
    """
    found = [
        _compared(name, columns, each, decided, seed) for name, (columns, each) in groups.items()
    ]
    chances = [gap.chance for each in found for gap in each.gaps]
    believed = iter(benjamini_hochberg(chances, FALSE_DISCOVERIES))
    return tuple(
        replace(each, gaps=tuple(replace(gap, real=next(believed)) for gap in each.gaps))
        for each in found
    )


def _compared(
    name: str, columns: tuple[str, ...], groups: Groups, decided: Decided, seed: int
) -> Compared:
    rates = group_rates(
        decided.positive, decided.selected, groups.codes, groups.names, stated=decided.stated
    )
    tables = group_tables(
        decided.positive, decided.selected, groups.codes, len(groups.names), decided.stated
    )
    rows = len(decided.positive)
    once = tables(np.ones((1, rows)))
    drawn = np.concatenate(
        [
            tables(counts)
            for counts in drawn_counts(
                rows, seed=seed, resamples=resamples_for(rows), units=decided.units
            )
        ]
    )
    told = tuple(_group(each, place, once, drawn) for place, each in enumerate(rates))
    gaps = [_gap(gap, rates, rates_of(once, gap)[0], rates_of(drawn, gap)) for gap in GAPS]
    return Compared(
        name,
        columns,
        told,
        tuple(gap for gap in gaps if gap is not None),
        tuple(each.group for each in rates if not each.compared),
    )


def _group(rates: GroupRates, place: int, once: FloatArray, drawn: FloatArray) -> GroupTold:
    def found(gap: str, beneath: int) -> Interval:
        value = float(rates_of(once, gap)[0, place])
        interval = summarise(value, rates_of(drawn, gap)[:, place])
        if gap == CALIBRATION or not beneath:
            return interval
        # Resamples of a rate of 0 or 1 never leave it, however few its rows.
        sure = wilson(value * beneath, beneath)
        low, high = np.fmin(interval.low, sure.low), np.fmax(interval.high, sure.high)
        return Interval(value, float(low), float(high))

    return GroupTold(
        rates.group,
        rates.rows,
        rates.positives,
        found(SELECTION, rates.rows),
        found(TRUE_POSITIVE, rates.positives),
        found(FALSE_POSITIVE, rates.rows - rates.positives),
        found(CALIBRATION, rates.rows),
        rates.compared,
    )


def _gap(
    name: str, rates: Sequence[GroupRates], seen: FloatArray, drawn: FloatArray
) -> GapTold | None:
    compared = [place for place, each in enumerate(rates) if name in each.compared]
    if len(compared) < 2:
        return None
    of, lines = seen[compared], drawn[:, compared]
    size = float(of.max() - of.min())
    noise = _range(lines - of)
    defined = noise[np.isfinite(noise)]
    chance = (1 + float((defined >= size).sum())) / (1 + len(defined))
    interval = summarise(size, _range(lines), noise)
    most, least = (rates[compared[int(place)]].group for place in (of.argmax(), of.argmin()))
    return GapTold(name, interval, most, least, chance, real=False)


def _range(rates: FloatArray) -> FloatArray:
    widest: FloatArray = rates.max(axis=1) - rates.min(axis=1)
    return widest
