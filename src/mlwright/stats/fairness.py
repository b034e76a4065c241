"""How differently a model treats groups: selection, true and false positive rates, their gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray, Statistic, counted_cells, ratio, undefined
from mlwright.stats.records import GroupRates

SMALLEST_GROUP = 30
"""Rows a rate needs beneath it; a rate of fewer says more about chance than about the model."""

SELECTION, TRUE_POSITIVE, FALSE_POSITIVE = "selection_gap", "tpr_gap", "fpr_gap"

_CELLS_BENEATH: Mapping[str, tuple[int, ...]] = {
    # Which of the cells 2 x positive + selected a rate is a share of.
    SELECTION: (0, 1, 2, 3),
    TRUE_POSITIVE: (2, 3),
    FALSE_POSITIVE: (0, 1),
}

_Tables = Callable[[FloatArray], FloatArray]
"""Gives lines x groups x cells: rows counted by group, truth and decision."""


def group_rates(
    positive: FloatArray,
    selected: FloatArray,
    group: IntArray,
    names: Sequence[str],
    *,
    smallest: int = SMALLEST_GROUP,
) -> tuple[GroupRates, ...]:
    """Return the rates of every group.

    Parameters
    ----------
    positive, selected
        Ones and zeros: whether the row is positive in truth, and by the model's decision.
    group
        Each row's group as an index into ``names``.
    """
    tables = _tables(positive, selected, group, len(names))(np.ones((1, len(group))))
    rates = {gap: _rates(tables, gap)[0] for gap in _CELLS_BENEATH}
    beneath = {gap: tables[0][:, list(cells)].sum(axis=1) for gap, cells in _CELLS_BENEATH.items()}
    return tuple(
        GroupRates(
            name,
            int(beneath[SELECTION][index]),
            int(beneath[TRUE_POSITIVE][index]),
            float(rates[SELECTION][index]),
            float(rates[TRUE_POSITIVE][index]),
            float(rates[FALSE_POSITIVE][index]),
            tuple(gap for gap in _CELLS_BENEATH if beneath[gap][index] >= smallest),
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
) -> Mapping[str, Gap]:
    """Return each gap (largest rate less smallest) over the groups that are compared in it.

    Which groups are compared is fixed by the rows as they are, not drawn anew in each resample.
    With fewer than two groups to compare a gap is NaN.
    """
    tables = _tables(positive, selected, group, len(rates))
    once = np.ones((1, len(group)))

    def gap_of(name: str) -> Gap:
        compared = [index for index, r in enumerate(rates) if name in r.compared]
        if len(compared) < 2:
            return Gap(undefined, undefined)

        def of(counts: FloatArray) -> FloatArray:
            return _rates(tables(counts), name)[:, compared]

        seen = of(once)
        return Gap(lambda counts: _range(of(counts)), lambda counts: _range(of(counts) - seen))

    return {name: gap_of(name) for name in _CELLS_BENEATH}


def _range(rates: FloatArray) -> FloatArray:
    widest: FloatArray = rates.max(axis=1) - rates.min(axis=1)
    return widest


def _tables(positive: FloatArray, selected: FloatArray, group: IntArray, groups: int) -> _Tables:
    cell = group * 4 + 2 * positive.astype(np.intp) + selected.astype(np.intp)
    return lambda counts: counted_cells(cell, groups * 4, counts).reshape((-1, groups, 4))


def _rates(tables: FloatArray, gap: str) -> FloatArray:
    beneath = _CELLS_BENEATH[gap]
    selected = [cell for cell in beneath if cell % 2]
    return ratio(tables[:, :, selected].sum(axis=2), tables[:, :, list(beneath)].sum(axis=2))
