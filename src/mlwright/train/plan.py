"""Turn a budget into a plan of work, once: the only place in training that reads a clock.

A probe times small fits on a sample of the table and scales their seconds to each piece of work a
plan may hold. Of the plans that fit the budget the worthiest is taken: halving the trees costs as
much worth as halving the rows and a little more than halving the number of configurations, and
each step down in how thoroughly nested folds judge costs half as much. Two probes may plan
differently; a plan, carried out again, gives the same model.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mlwright.core.seam import Seam
from mlwright.data.records import Split
from mlwright.data.table import Table
from mlwright.features.prepare import transform
from mlwright.train.algorithms.problem import Rows
from mlwright.train.fit import learn, prepare_recipe, recipe_of
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO, portfolio_for, with_trees
from mlwright.train.records import Configuration, Plan, Task, TaskKind
from mlwright.train.settings import SearchSettings
from mlwright.train.target import labelled, rows_of, target_values

_SAMPLE = 2_000
_PROBE_TREES = 20
_MANY_CELLS = 2_000_000
"""Rows times features from which a second thread is worth waking."""

_SHARES = (1.0, 0.5, 0.25, 0.12, 0.05)
"""Of each configuration's trees, the most first."""

_CAPS = (1.0, 0.5, 0.25, 0.1, 0.05)
_FEWEST_CAPPED = 20_000
_FEWEST = 3
"""The dummy, the linear and one of trees: a plan holds at least these, whatever they take."""

_NESTED = ((5, 5, 2), (5, 3, 1), (4, 3, 1), (3, 3, 1), (3, 2, 1))
"""Outer folds, inner folds and repeats, the most thorough first."""


@dataclass(frozen=True, slots=True)
class _Costs:
    """Seconds: once for each fit, and for each row (times tree) of it."""

    linear: float
    tree: float
    fit: float
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
        Tells whether a validation part judges, or folds do.
    settings
        The budget in seconds, the algorithms, the seed and the threads.
    machine
        The class of this machine, recorded with the plan.
    """
    known = labelled(table, task.target)
    rows, columns = known.frame.shape
    threads = settings.threads or ((os.cpu_count() or 1) if rows * columns >= _MANY_CELLS else 1)
    offered = portfolio_for(settings.models, categories=_has_categories(known))
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
    classes = len(task.classes) if task.kind is TaskKind.MULTICLASS else 1
    ways = _ways(offered, rows, classes, costs, nested=split.method == "nested")
    chosen = _take(list(ways), settings.budget)
    return Plan(
        configurations=chosen.configurations,
        rows=chosen.rows,
        folds=chosen.folds,
        outer_folds=chosen.outer_folds,
        repeats=chosen.repeats,
        threads=threads,
        seed=settings.seed,
        budget_seconds=settings.budget,
        machine=machine,
        measured={
            "seconds_a_row_linear": costs.linear,
            "seconds_a_row_and_tree": costs.tree,
            "seconds_a_fit": costs.fit,
            "seconds_foreseen": chosen.seconds,
        },
        unit=split.unit,
        time=split.time,
    )


def _has_categories(table: Table) -> bool:
    return any(str(dtype) == "String" for dtype in table.frame.dtypes)


def _measure(table: Table, task: Task, plan: Plan, drop: Collection[str], seam: Seam) -> _Costs:
    """Time a linear fit and a few trees on a sample; each is run twice and the first forgotten."""
    places = np.arange(min(_SAMPLE, len(table.row_ids)), dtype=np.intp)
    sample = rows_of(table, places * len(table.row_ids) // len(places))
    few = next(c for c in PORTFOLIO if c.algorithm == "lightgbm")
    few = Configuration(few.name, few.algorithm, {**few.parameters, "trees": _PROBE_TREES})
    one = Configuration(few.name, few.algorithm, {**few.parameters, "trees": 1})
    began = seam.elapsed()
    for recipe in ("tree", "linear"):
        prepare_recipe(sample, recipe, task, plan.time, drop)
    prepare = (seam.elapsed() - began) / len(places)
    seconds = {}
    for name, configuration in (("linear", LINEAR), ("one", one), ("few", few)):
        preparation = prepare_recipe(sample, recipe_of(configuration), task, plan.time, drop)
        if not preparation.outputs:
            return _Costs(0.0, 0.0, 0.0, prepare)
        rows = Rows(transform(preparation, sample.frame), target_values(sample.frame, task))
        for _ in range(2):
            began = seam.elapsed()
            learn(rows, configuration, preparation, task, plan, None)
            seconds[name] = seam.elapsed() - began
    classes = len(task.classes) if task.kind is TaskKind.MULTICLASS else 1
    trees = max(seconds["few"] - seconds["one"], 1e-4) / (_PROBE_TREES - 1) / classes
    return _Costs(
        linear=seconds["linear"] / len(places),
        tree=trees / len(places),
        fit=seconds["one"],
        prepare=prepare,
    )


def _ways(
    offered: Sequence[Configuration], rows: int, classes: int, costs: _Costs, *, nested: bool
) -> Iterator[_Work]:
    """Give every way to spend a budget that is considered, with the seconds it is foreseen at."""
    schemes = _NESTED if nested else ((0, 0, 0),)
    caps = [1.0] if nested else [c for c in _CAPS if c == 1.0 or rows * c >= _FEWEST_CAPPED]
    counts = range(min(_FEWEST, len(offered)), len(offered) + 1)
    places = product(enumerate(schemes), caps, _SHARES, counts)
    for (place, (outer, folds, repeats)), cap, share, count in places:
        kept = tuple(with_trees(each, share) for each in offered[:count])
        capped = int(rows * cap)
        seconds = _seconds(kept, rows, capped, folds, outer, repeats, classes, costs)
        worth = math.log2(share) + math.log2(cap) + 0.8 * math.log2(count) - 0.5 * place
        yield _Work(kept, capped, folds, outer, repeats, seconds, worth)


def _seconds(
    kept: Sequence[Configuration],
    rows: int,
    capped: int,
    folds: int,
    outer: int,
    repeats: int,
    classes: int,
    costs: _Costs,
) -> float:
    """Return the seconds of a search, of the fits that follow it and of a nested judgement."""

    def searched(of: int) -> float:
        share = (folds - 1) / folds if folds else 1.0
        each = sum(_fit_seconds(c, int(of * share), classes, costs) for c in kept)
        return (each + 2 * of * costs.prepare) * max(folds, 1)

    # The fits after a search: the chosen one (at worst the dearest) and both baselines.
    dearest = max(_fit_seconds(c, rows, classes, costs) for c in kept)
    after = dearest + _fit_seconds(LINEAR, rows, classes, costs)
    total = searched(capped) + after
    if outer:
        total += repeats * outer * (searched(rows * (outer - 1) // outer) + after)
    return total


def _fit_seconds(configuration: Configuration, rows: int, classes: int, costs: _Costs) -> float:
    if configuration.algorithm == DUMMY.algorithm:
        return 0.0
    if configuration.algorithm == LINEAR.algorithm:
        return costs.linear * rows
    leaves = float(configuration.parameters["leaves"])
    trees = float(configuration.parameters["trees"]) * classes
    return costs.fit + costs.tree * rows * trees * math.sqrt(leaves / 31.0)


def _take(ways: Sequence[_Work], budget: float) -> _Work:
    """Return the worthiest way within the budget, else the cheapest."""
    within = [way for way in ways if way.seconds <= budget]
    if within:
        return max(within, key=lambda way: (way.worth, -way.seconds))
    return min(ways, key=lambda way: way.seconds)
