"""Turn a budget into a plan of work, once: the only place in training that reads a clock.

A probe times small fits on a sample of the table and scales their seconds to each piece of work a
plan may hold. Of the plans that fit the budget the worthiest is taken: half the configurations
cost 0.8 of worth, and what other steps down cost stands beside them. Two probes may plan
differently; a plan, carried out again, gives the same model.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from mlwright.core.seam import Seam
from mlwright.data.digests import columns_of
from mlwright.data.records import Kind, Split
from mlwright.data.table import Table
from mlwright.train.algorithms.lightgbm import PATIENCE
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO, portfolio_for, with_trees
from mlwright.train.records import Configuration, Plan, Task
from mlwright.train.settings import SearchSettings
from mlwright.train.target import labelled, rows_of

_SAMPLES = (1_000, 16_000)
_PROBE_TREES, _FEWEST_PROBED = 40, 3
_QUICK = 0.5
"""Seconds under which a timing is taken twice: a busy moment can only add to it."""

MANY_CELLS = 2_000_000
"""Rows times features from which a second thread is worth waking."""

_SHARES = {1.0: 0.0, 0.5: -0.15, 0.25: -0.4, 0.12: -1.0, 0.05: -2.0}
"""Shares of each configuration's trees, each tree learning as much more; cheap down to a quarter.

From all trees to a quarter the best validation AUC moved by at most .002 on churn, spambase,
german and adult, and the log loss on satimage from .190 to .199.
"""

_KEPT_TREES = 0.5
"""The share of the trees offered that early stopping kept on these tables, rounded up."""

_CAPS = {1.0: 0.0, 0.5: -0.4, 0.25: -0.9, 0.1: -1.7, 0.05: -2.5}
"""Shares of the rows a configuration is searched on; the final fit takes all of them."""

_FEWEST_CAPPED = 20_000
_FEWEST = 3
"""The dummy, the linear and one of trees: a plan holds at least these, whatever they take."""

_NESTED = {(5, 5, 2): 0.0, (5, 3, 1): -0.5, (4, 3, 1): -1.0, (3, 3, 1): -1.5, (3, 2, 1): -2.0}
"""Outer folds, inner folds and repeats, where no part is sealed."""

_FOLDED = {(0, 5, 0): 0.0, (0, 3, 0): -0.2, (0, 0, 0): -1.0}
"""The same beside a sealed part: a few hundred validation rows tell models apart less well than
folds over all rows do."""

MOST_FOLDED = 20_000
"""Rows from which the validation part alone tells them apart well enough."""

_VALIDATED = {(0, 0, 0): 0.0}


@dataclass(frozen=True, slots=True)
class _Line:
    """Seconds that do not depend on the rows, and those of each row."""

    fixed: float
    row: float

    def at(self, rows: float) -> float:
        """Return the seconds of some rows."""
        return self.fixed + self.row * rows


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds: of a fit of trees before its first tree, of a tree of all classes, of a linear fit.

    All with what answering the rows takes. ``prepare`` is for each row, over both recipes.
    """

    fit: _Line
    tree: _Line
    linear: _Line
    prepare: float


@dataclass(frozen=True, slots=True)
class _Work:
    """One way to spend the budget."""

    configurations: tuple[Configuration, ...]
    rows: int
    folds: int
    outer_folds: int
    repeats: int
    seconds: float
    worth: float


def probe(
    table: Table,
    task: Task,
    split: Split,
    settings: SearchSettings,
    drop: Collection[str],
    *,
    machine: str,
    seam: Seam,
) -> Plan:
    """Return the plan for a table: what fits the budget on this machine.

    Parameters
    ----------
    table
        All rows outside the sealed test part.
    split
        Tells whether a validation part may judge, or only folds can.
    settings
        The budget in seconds, the algorithms, the seed and the threads.
    machine
        The class of this machine, recorded with the plan.
    """
    known = labelled(table, task.target)
    rows, columns = known.frame.shape
    threads = settings.threads or ((os.cpu_count() or 1) if rows * columns >= MANY_CELLS else 1)
    offered = portfolio_for(settings.models, categories=_has_categories(known, task, drop))
    draft = Plan(
        configurations=offered,
        rows=rows,
        folds=0,
        outer_folds=0,
        repeats=0,
        threads=threads,
        seed=settings.seed,
        budget_seconds=settings.budget,
        machine=machine,
        measured={},
        unit=split.unit,
        time=split.time,
    )
    costs = _measure(known, task, draft, drop, seam)
    ways = _ways(offered, rows, costs, split.method)
    chosen = _take(list(ways), settings.budget)
    return replace(
        draft,
        configurations=chosen.configurations,
        rows=chosen.rows,
        folds=chosen.folds,
        outer_folds=chosen.outer_folds,
        repeats=chosen.repeats,
        measured={
            "seconds_a_fit": costs.fit.fixed,
            "seconds_a_fit_and_row": costs.fit.row,
            "seconds_a_tree": costs.tree.fixed,
            "seconds_a_tree_and_row": costs.tree.row,
            "seconds_a_linear_fit": costs.linear.fixed,
            "seconds_a_linear_fit_and_row": costs.linear.row,
            "seconds_foreseen": chosen.seconds,
        },
    )


def _has_categories(table: Table, task: Task, drop: Collection[str]) -> bool:
    return any(
        column.kind is Kind.STRING and column.name != task.target and column.name not in drop
        for column in columns_of(table.frame)
    )


def _measure(table: Table, task: Task, plan: Plan, drop: Collection[str], seam: Seam) -> _Costs:
    """Time fits on a small and on a larger sample: what a fit costs, and what its rows add."""
    small, large = (_sampled(table, rows) for rows in _SAMPLES)
    # A tree of a task of many classes is as many trees.
    count = max(_FEWEST_PROBED, _PROBE_TREES // max(len(task.classes), 1))
    few, one = _trees(count), _trees(1)
    _timed(small, one, task, plan, drop, seam)  # The first fit also loads the library.
    fits = [_timed(each, one, task, plan, drop, seam) for each in (small, large)]
    trees = [
        max(_timed(each, few, task, plan, drop, seam) - fit, 0.0) / (count - 1)
        for each, fit in zip((small, large), fits, strict=True)
    ]
    _timed(small, LINEAR, task, plan, drop, seam)
    linear = [_timed(each, LINEAR, task, plan, drop, seam) for each in (small, large)]
    began = seam.elapsed()
    for recipe in dict.fromkeys(recipe_of(each) for each in plan.configurations):
        prepare_rows(large, recipe, task, plan.time, drop)
    rows = (len(small.row_ids), len(large.row_ids))
    return _Costs(
        fit=_line(rows, fits),
        tree=_line(rows, trees),
        linear=_line(rows, linear),
        prepare=(seam.elapsed() - began) / rows[1],
    )


def _sampled(table: Table, rows: int) -> Table:
    count = len(table.row_ids)
    places = np.arange(min(rows, count), dtype=np.intp)
    return rows_of(table, places * count // len(places))


def _trees(count: int) -> Configuration:
    usual = next(c for c in PORTFOLIO if c.algorithm == "lightgbm")
    return replace(usual, parameters={**usual.parameters, "trees": count})


def _timed(
    table: Table,
    configuration: Configuration,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    seam: Seam,
) -> float:
    """Return the seconds of a fit and of answering its rows, without their preparation."""
    preparation, rows = prepare_rows(table, recipe_of(configuration), task, plan.time, drop)
    if not preparation.outputs:
        return 0.0

    def once() -> float:
        began = seam.elapsed()
        learned = learn(rows, configuration, preparation, task, plan, None)
        respond(learned, rows.X, configuration, preparation, task, plan)
        return seam.elapsed() - began

    seconds = once()
    return seconds if seconds > _QUICK else min(seconds, once())


def _line(rows: tuple[int, int], seconds: Sequence[float]) -> _Line:
    """Return the line through two timings; a table with one size alone has no fixed part."""
    if rows[0] == rows[1]:
        return _Line(0.0, seconds[1] / rows[1])
    slope = max((seconds[1] - seconds[0]) / (rows[1] - rows[0]), 0.0)
    return _Line(max(seconds[0] - slope * rows[0], 0.0), slope)


def _ways(
    offered: Sequence[Configuration], rows: int, costs: _Costs, method: str
) -> Iterator[_Work]:
    """Give every way to spend a budget that is considered, with the seconds it is foreseen at."""
    schemes = _VALIDATED
    if method == "nested":
        schemes = _NESTED
    elif method == "hash" and rows < MOST_FOLDED:
        schemes = _FOLDED
    caps = [c for c in _CAPS if c == 1.0 or rows * c >= _FEWEST_CAPPED]
    counts = range(min(_FEWEST, len(offered)), len(offered) + 1)
    for scheme, cap, share, count in product(schemes, caps, _SHARES, counts):
        outer, folds, repeats = scheme
        kept = tuple(with_trees(each, share) for each in offered[:count])
        capped = int(rows * cap)
        seconds = _seconds(kept, rows, capped, folds, outer, repeats, costs)
        worth = schemes[scheme] + _SHARES[share] + _CAPS[cap] + 0.8 * math.log2(count)
        yield _Work(kept, capped, folds, outer, repeats, seconds, worth)


def _seconds(
    kept: Sequence[Configuration],
    rows: int,
    capped: int,
    folds: int,
    outer: int,
    repeats: int,
    costs: _Costs,
) -> float:
    """Return the seconds of a search, of the fits that follow it and of a nested judgement."""

    def searched(of: int) -> float:
        share = (folds - 1) / folds if folds else 1.0
        each = sum(_fit_seconds(c, int(of * share), costs) for c in kept)
        return (each + 2 * of * costs.prepare) * max(folds, 1)

    # The fits after a search: the chosen one (at worst the dearest) and both baselines.
    dearest = max(_fit_seconds(c, rows, costs) for c in kept)
    after = dearest + _fit_seconds(LINEAR, rows, costs)
    total = searched(capped) + after
    if outer:
        inner = min(capped, rows * (outer - 1) // outer)
        total += repeats * outer * (searched(inner) + after)
    return total


def _fit_seconds(configuration: Configuration, rows: int, costs: _Costs) -> float:
    if configuration.algorithm == DUMMY.algorithm:
        return 0.0
    if configuration.algorithm == LINEAR.algorithm:
        return costs.linear.at(rows)
    leaves = float(configuration.parameters["leaves"])
    offered = float(configuration.parameters["trees"])
    grown = min(offered, _KEPT_TREES * offered + PATIENCE)
    return costs.fit.at(rows) + costs.tree.at(rows) * grown * math.sqrt(leaves / 31.0)


def _take(ways: Sequence[_Work], budget: float) -> _Work:
    """Return the worthiest way within the budget, else the cheapest."""
    within = [way for way in ways if way.seconds <= budget]
    if within:
        return max(within, key=lambda way: (way.worth, -way.seconds))
    return min(ways, key=lambda way: way.seconds)
