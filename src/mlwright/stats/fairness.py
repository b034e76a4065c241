"""How differently a model treats groups: selection, true and false positives, calibration, gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray, Statistic, counted_cells, ratio, undefined
from mlwright.stats.records import GroupRates

SMALLEST_GROUP = 30
"""Rows a rate needs beneath it; a rate of fewer says more about chance than about the model."""

SELECTION, TRUE_POSITIVE, FALSE_POSITIVE = "selection_gap", "tpr_gap", "fpr_gap"
CALIBRATION = "calibration_gap"

_CELLS_BENEATH: Mapping[str, tuple[int, ...]] = {
    # Which of the cells 2 x positive + selected a rate is a share of.
    SELECTION: (0, 1, 2, 3),
    TRUE_POSITIVE: (2, 3),
    FALSE_POSITIVE: (0, 1),
    CALIBRATION: (0, 1, 2, 3),
}
_SELECTED = (1, 3)
_CELLS = 4
_EXCESS = _CELLS  # the place behind the cells

Tables = Callable[[FloatArray], FloatArray]
"""Gives lines x groups x 5: rows counted by group, truth and decision, and behind these cells the
sum of what happened less what was stated."""

GAPS = tuple(_CELLS_BENEATH)
"""Every gap, in the order in which they are told."""


def group_rates(
    positive: FloatArray,
    selected: FloatArray,
    group: IntArray,
    names: Sequence[str],
    *,
    stated: FloatArray | None = None,
    smallest: int = SMALLEST_GROUP,
) -> tuple[GroupRates, ...]:
    """Return the rates of every group.

    Parameters
    ----------
    positive, selected
        Ones and zeros: whether the row is positive in truth, and by the model's decision.
    group
        Each row's group as an index into ``names``.
    stated
        Each row's probability of being positive, as the model states it.
    """
    tables = group_tables(positive, selected, group, len(names), stated)(np.ones((1, len(group))))
    rates = {gap: rates_of(tables, gap)[0] for gap in _CELLS_BENEATH}
    beneath = {gap: tables[0][:, list(cells)].sum(axis=1) for gap, cells in _CELLS_BENEATH.items()}
    told = tuple(gap for gap in _CELLS_BENEATH if gap != CALIBRATION or stated is not None)
    return tuple(
        GroupRates(
            name,
            int(beneath[SELECTION][index]),
            int(beneath[TRUE_POSITIVE][index]),
            float(rates[SELECTION][index]),
            float(rates[TRUE_POSITIVE][index]),
            float(rates[FALSE_POSITIVE][index]),
            tuple(gap for gap in told if beneath[gap][index] >= smallest),
            float(rates[CALIBRATION][index]),
        )
        for index, name in enumerate(names)
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap as a function of the counts, and the bound on how far noise can have moved it.

    The bound is the range over groups of the rates' moves away from their observed values, the
    idea of Tukey's studentised range: it grows with the number of groups, as chance gaps do.
    """

    statistic: Statistic
    noise: Statistic


def gaps(
    positive: FloatArray,
    selected: FloatArray,
    group: IntArray,
    rates: Sequence[GroupRates],
    stated: FloatArray | None = None,
) -> Mapping[str, Gap]:
    """Return each gap (largest rate less smallest) over the groups that are compared in it.

    Which groups are compared is fixed by the rows as they are, not drawn anew in each resample.
    With fewer than two groups to compare a gap is NaN. The gap in calibration, the largest
    difference in how much more often the groups turn out positive than is stated of them, is
    there where it is known what was stated.
    """
    tables = group_tables(positive, selected, group, len(rates), stated)
    once = np.ones((1, len(group)))

    def gap_of(name: str) -> Gap:
        compared = [index for index, r in enumerate(rates) if name in r.compared]
        if len(compared) < 2:
            return Gap(undefined, undefined)

        def of(counts: FloatArray) -> FloatArray:
            return rates_of(tables(counts), name)[:, compared]

        seen = of(once)
        return Gap(lambda counts: _range(of(counts)), lambda counts: _range(of(counts) - seen))

    names = [name for name in _CELLS_BENEATH if name != CALIBRATION or stated is not None]
    return {name: gap_of(name) for name in names}


def _range(rates: FloatArray) -> FloatArray:
    widest: FloatArray = rates.max(axis=1) - rates.min(axis=1)
    return widest


def group_tables(
    positive: FloatArray,
    selected: FloatArray,
    group: IntArray,
    groups: int,
    stated: FloatArray | None,
) -> Tables:
    """Return the function from lines of counts to the tables that all rates are made of."""
    cell = group * _CELLS + 2 * positive.astype(np.intp) + selected.astype(np.intp)
    excess = None if stated is None else positive - stated

    def tables(counts: FloatArray) -> FloatArray:
        counted = counted_cells(cell, groups * _CELLS, counts).reshape((-1, groups, _CELLS))
        if excess is None:
            return counted
        summed = counted_cells(group, groups, counts * excess)
        return np.concatenate([counted, summed[:, :, None]], axis=2)

    return tables


def rates_of(tables: FloatArray, gap: str) -> FloatArray:
    """Return lines x groups: the rate that a gap is the range of, from tables of counted rows."""
    beneath = tables[:, :, list(_CELLS_BENEATH[gap])].sum(axis=2)
    if gap == CALIBRATION:
        known = tables.shape[2] > _CELLS
        return ratio(tables[:, :, _EXCESS], beneath) if known else np.full_like(beneath, math.nan)
    selected = [cell for cell in _CELLS_BENEATH[gap] if cell in _SELECTED]
    return ratio(tables[:, :, selected].sum(axis=2), beneath)
