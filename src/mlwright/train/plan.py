"""Turn a budget into a plan of work, once: the only place in training that reads a clock.

A probe times small fits on a sample of the table and scales their seconds to each piece of work a
plan may hold. Of the plans that fit the budget the worthiest is taken: half the configurations
cost 0.8 of worth (beyond nine 0.3), and what other steps down cost stands beside them. Two probes
may plan differently; a plan, carried out again, gives the same model.

From ``THOROUGH_FROM`` seconds on a plan looks at more configurations than it judges in full, makes
new ones near the best, and blends several; with less it judges a few and takes the best.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product

import numpy as np

from mlwright.core.seam import Seam
from mlwright.data.digests import columns_of
from mlwright.data.records import Kind, Split
from mlwright.data.split import TEST_SHARE, VALIDATION_SHARE
from mlwright.data.table import Table
from mlwright.features.records import Preparation
from mlwright.train.algorithms.lightgbm import PATIENCE
from mlwright.train.algorithms.problem import Rows
from mlwright.train.choice import INTERPRETABLE
from mlwright.train.fit import learn, prepare_rows, recipe_of, respond
from mlwright.train.portfolio import DUMMY, LINEAR, portfolio_for, with_trees
from mlwright.train.records import Configuration, Look, Plan, Task
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

_JUDGING = VALIDATION_SHARE / (1.0 - TEST_SHARE)
"""The share of the rows outside the test part that judge where no folds do."""

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

_THOROUGHLY_VALIDATED = {(0, 0, 0): 0.0, (0, 3, 0): 0.45, (0, 5, 0): 0.6}
"""The same where a plan is thorough: weights of a blend are told better by more rows."""

MOST_THOROUGHLY_FOLDED = 150_000

THOROUGH_FROM = 10.0
"""Seconds of budget from which a plan is thorough."""

_MARGIN = 0.85
"""The share of a budget that a thorough plan is foreseen to take: machines have busy moments.

Of one thread, 51 s were foreseen on rainfall, and the search and the fit after it took 51; 61 and
59 on diamonds, where it was 38 without the rows that judge.
"""

_THOROUGH_SHARES = {2.0: 0.15, 1.0: 0.0, 0.5: -0.5, 0.25: -1.3, 0.12: -2.5, 0.05: -4.0}
"""The same of a thorough plan: a quarter of the trees cost satimage a tenth of its loss."""

MEMBERS = 5
_USUAL = 9
_FEWEST_TO_LOOK = 2_000
_LOOK_SHARE, _FEWEST_LOOKED = 0.2, 3_000
"""The share of the rows a first look fits on, and the fewest.

Of fewer rows than ``_FEWEST_TO_LOOK`` one round says too little which configurations are worth
more.
"""

_DEARER = 1.3
"""What configurations that a first look keeps take, beside the usual one."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Seconds that do not depend on the rows, and those of each row."""

    fixed: float
    row: float

    def at(self, rows: float) -> float:
        """Return the seconds of some rows."""
        return self.fixed + self.row * rows


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds of an algorithm: of a fit before its first tree, and of a tree of all classes.

    What answering the rows takes is in them.
    """

    fit: _Line
    tree: _Line = _Line(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Costs:
    """What each algorithm takes, and preparing a row by every recipe that is offered."""

    algorithms: Mapping[str, _Cost]
    prepare: float


@dataclass(frozen=True, slots=True)
class _Depth:
    """How far a plan goes beyond judging what is offered.

    ``kept`` of a first look are judged in full beside the plain ones (0: there is no look).
    """

    kept: int
    mutations: int
    members: int
    fits: int


_PLAIN = {_Depth(0, 0, 1, 1): 0.0}
_DEPTHS = {
    _Depth(0, 0, 1, 1): 0.0,
    _Depth(0, 0, MEMBERS, 1): 0.6,
    _Depth(0, 0, MEMBERS, 2): 0.7,
    _Depth(0, 0, MEMBERS, 3): 0.75,
    _Depth(0, 6, MEMBERS, 3): 1.0,
    _Depth(0, 12, MEMBERS, 4): 1.3,
    _Depth(0, 24, MEMBERS, 5): 1.5,
    _Depth(0, 48, MEMBERS, 6): 1.6,
    _Depth(3, 0, MEMBERS, 1): 0.2,
    _Depth(5, 0, MEMBERS, 1): 0.65,
    _Depth(5, 6, MEMBERS, 1): 0.75,
    _Depth(6, 6, MEMBERS, 2): 0.95,
    _Depth(7, 12, MEMBERS, 2): 1.2,
    _Depth(8, 24, MEMBERS, 3): 1.5,
    _Depth(10, 48, MEMBERS, 3): 1.9,
    _Depth(12, 96, MEMBERS, 4): 2.3,
    _Depth(16, 200, MEMBERS, 5): 2.7,
    _Depth(24, 500, MEMBERS, 6): 3.1,
    _Depth(32, 1_500, MEMBERS, 8): 3.5,
}
"""What each depth is worth beside the number of configurations."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One way to spend the budget."""

    configurations: tuple[Configuration, ...]
    rows: int
    folds: int
    outer_folds: int
    repeats: int
    depth: _Depth
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
    began = seam.elapsed()
    known = labelled(table, task.target)
    rows, columns = known.frame.shape
    threads = settings.threads or ((os.cpu_count() or 1) if rows * columns >= MANY_CELLS else 1)
    thorough = settings.budget >= THOROUGH_FROM
    categories = _has_categories(known, task, drop)
    offered = portfolio_for(settings.models, categories=categories, thorough=thorough)
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
        size=settings.size,
        row_seconds=settings.row_time,
        calibrate=settings.calibrate,
    )
    costs = _measure(known, task, draft, drop, seam)
    ways = list(_ways(offered, rows, costs, split.method, thorough=thorough))
    left = settings.budget
    if thorough:
        left = max(left - (seam.elapsed() - began), 0.0) * _MARGIN
    chosen = _take(ways, left)
    return _planned(draft, chosen, costs, settings.members)


def _planned(draft: Plan, chosen: _Work, costs: _Costs, members: int) -> Plan:
    depth = chosen.depth
    look = Look(_looked_at(chosen.rows, chosen.folds), 1, depth.kept)
    measured = {"seconds_foreseen": chosen.seconds, "seconds_a_row_prepared": costs.prepare}
    for name, cost in costs.algorithms.items():
        measured[f"seconds_a_fit_of_{name}"] = cost.fit.fixed
        measured[f"seconds_a_fit_and_row_of_{name}"] = cost.fit.row
        measured[f"seconds_a_tree_of_{name}"] = cost.tree.fixed
        measured[f"seconds_a_tree_and_row_of_{name}"] = cost.tree.row
    return replace(
        draft,
        configurations=chosen.configurations,
        rows=chosen.rows,
        folds=chosen.folds,
        outer_folds=chosen.outer_folds,
        repeats=chosen.repeats,
        looks=(look,) if depth.kept else (),
        mutations=depth.mutations,
        members=min(depth.members, members),
        fits=depth.fits,
        measured=measured,
    )


def _has_categories(table: Table, task: Task, drop: Collection[str]) -> bool:
    return any(
        column.kind is Kind.STRING and column.name != task.target and column.name not in drop
        for column in columns_of(table.frame)
    )


def _measure(table: Table, task: Task, plan: Plan, drop: Collection[str], seam: Seam) -> _Costs:
    """Time fits on a small and on a larger sample: what a fit costs, and what its rows add."""
    samples = [_Sample(_sampled(table, rows), task, plan, drop, seam) for rows in _SAMPLES]
    if samples[0].rows == samples[1].rows:  # one size tells all there is
        samples = samples[1:]
    # A tree of a task of many classes is as many trees.
    count = max(_FEWEST_PROBED, _PROBE_TREES // max(len(task.classes), 1))
    # The linear baseline is fitted whatever is offered.
    usual = {each.algorithm: each for each in (*reversed(plan.configurations), LINEAR)}
    found: dict[str, _Cost] = {}
    for name, configuration in usual.items():
        if name == DUMMY.algorithm:
            continue
        first = with_count(configuration, 1)
        samples[0].timed(first)  # The first fit also loads the library.
        fits = [each.timed(first) for each in samples]
        found[name] = _Cost(_line(samples, fits))
        if "trees" in configuration.parameters:
            few = with_count(configuration, count)
            trees = [
                max(each.timed(few) - fit, 0.0) / (count - 1) / _size_of(configuration)
                for each, fit in zip(samples, fits, strict=True)
            ]
            found[name] = _Cost(found[name].fit, _line(samples, trees))
    large = samples[-1]
    return _Costs(found, large.prepared_in / large.rows)


class _Sample:
    """Some rows of a table, each recipe's features made once, and fits of them timed."""

    def __init__(
        self, table: Table, task: Task, plan: Plan, drop: Collection[str], seam: Seam
    ) -> None:
        self.rows = len(table.row_ids)
        self.prepared_in = 0.0
        self._given = (table, task, plan, drop)
        self._clock = seam.elapsed
        self._prepared: dict[str, tuple[Preparation, Rows]] = {}

    def timed(self, configuration: Configuration) -> float:
        """Return the seconds of a fit and of answering its rows, without their preparation."""
        table, task, plan, drop = self._given
        recipe = recipe_of(configuration)
        if recipe not in self._prepared:
            began = self._clock()
            self._prepared[recipe] = prepare_rows(
                table, recipe, task, plan.time, drop, unit=plan.unit
            )
            self.prepared_in += self._clock() - began
        preparation, rows = self._prepared[recipe]
        if not preparation.outputs:
            return 0.0

        def once() -> float:
            began = self._clock()
            learned = learn(rows, configuration, preparation, task, plan, None)
            respond(learned, rows.X, configuration, preparation, task, plan)
            return self._clock() - began

        seconds = once()
        return seconds if seconds > _QUICK else min(seconds, once())


def _sampled(table: Table, rows: int) -> Table:
    count = len(table.row_ids)
    places = np.arange(min(rows, count), dtype=np.intp)
    return rows_of(table, places * count // len(places))


def with_count(configuration: Configuration, trees: int) -> Configuration:
    """Return a configuration of so many trees, where it has any."""
    if "trees" not in configuration.parameters:
        return configuration
    return replace(configuration, parameters={**configuration.parameters, "trees": trees})


def _line(samples: Sequence[_Sample], seconds: Sequence[float]) -> _Line:
    """Return the line through two timings; a table with one size alone has no fixed part."""
    rows = [each.rows for each in samples]
    if len(rows) == 1:
        return _Line(0.0, seconds[0] / rows[0])
    slope = max((seconds[1] - seconds[0]) / (rows[1] - rows[0]), 0.0)
    return _Line(max(seconds[0] - slope * rows[0], 0.0), slope)


def _ways(
    offered: Sequence[Configuration], rows: int, costs: _Costs, method: str, *, thorough: bool
) -> Iterator[_Work]:
    """Give every way to spend a budget that is considered, with the seconds it is foreseen at."""
    schemes = _schemes(rows, method, thorough=thorough)
    caps = [c for c in _CAPS if c == 1.0 or rows * c >= _FEWEST_CAPPED]
    shares = _THOROUGH_SHARES if thorough else _SHARES
    least = min(_FEWEST, len(offered))
    counts = [n for n in range(least, len(offered) + 1) if not thorough or n % 3 == 0]
    counts = sorted({least, *counts, len(offered)})
    depths = _DEPTHS if thorough and len(offered) > 1 else _PLAIN
    for cap, share in product(caps, shares):
        kept = tuple(with_trees(each, share) for each in offered)
        capped = int(rows * cap)
        foreseen = _Foreseen(kept, rows, capped, costs)
        for scheme, count, depth in product(schemes, counts, depths):
            if depth.kept and (rows < _FEWEST_TO_LOOK or depth.kept + 2 >= count):
                continue
            if not depth.kept and depth.mutations and rows >= _FEWEST_TO_LOOK:
                continue
            seconds = foreseen.seconds(scheme, count, depth)
            worth = schemes[scheme] + shares[share] + _CAPS[cap] + depths[depth]
            worth += _worth_of(count, thorough=thorough)
            yield _Work(
                kept[:count], capped, scheme[1], scheme[0], scheme[2], depth, seconds, worth
            )


def _worth_of(count: int, *, thorough: bool) -> float:
    """Return what so many configurations are worth: where new ones are made, many add less."""
    usual = min(count, _USUAL) if thorough else count
    return 0.8 * math.log2(usual) + 0.3 * math.log2(count / usual)


def _schemes(rows: int, method: str, *, thorough: bool) -> Mapping[tuple[int, int, int], float]:
    if method == "nested":
        return _NESTED
    if method != "hash":
        return _VALIDATED
    if rows < MOST_FOLDED:
        return _FOLDED
    return _THOROUGHLY_VALIDATED if thorough and rows < MOST_THOROUGHLY_FOLDED else _VALIDATED


class _Foreseen:
    """The seconds of ways to search some configurations, sums that many ways share made once."""

    def __init__(
        self, kept: Sequence[Configuration], rows: int, capped: int, costs: _Costs
    ) -> None:
        self._kept = kept
        self._rows = rows
        self._capped = capped
        self._costs = costs
        self._sums: dict[int, list[float]] = {}
        self._peaks: dict[int, list[float]] = {}
        self._children: dict[tuple[int, int], float] = {}

    def seconds(self, scheme: tuple[int, int, int], count: int, depth: _Depth) -> float:
        """Return the seconds of a search, of the fits after it and of a nested judgement."""
        outer, folds, repeats = scheme
        after = self._after(self._rows, count, depth)
        total = self._searched(self._capped, folds, count, depth) + after
        if outer:
            inner = self._rows * (outer - 1) // outer
            each = self._searched(min(self._capped, inner), folds, count, depth)
            total += repeats * outer * (each + self._after(inner, count, depth))
        return total

    def _searched(self, of: int, folds: int, count: int, depth: _Depth) -> float:
        rounds = max(folds, 1)
        judging = int(of / folds) if folds else int(self._rows * _JUDGING)
        fitted = int(of * (folds - 1) / folds) if folds else min(of, self._rows - judging)
        # A row that judges is answered after each tree, which takes about what fitting one does.
        whole = fitted + judging
        prepare = of * self._costs.prepare
        blending = self._blending(count, depth)
        if not depth.kept:
            full = self._sum(whole, count) + depth.mutations * self._child(whole, count)
            return (full + prepare) * rounds + blending
        looked = _looked_at(of, folds)
        each = looked + judging
        look = self._sum(each, count) + depth.mutations * self._child(each, count)
        share = min(depth.kept, count) / count
        # The few that go on are rather the dearer ones, and the plain ones always do.
        full = self._sum(whole, count) * share * _DEARER + self._plain(whole, count)
        full += max(depth.kept - count, 0) * self._child(whole, count) * _DEARER
        again = rounds if looked < fitted else rounds - 1  # what was looked at in full is known
        return look + prepare + (full + prepare) * again + blending

    def _plain(self, rows: int, count: int) -> float:
        """Return what the first of each algorithm that a person can read takes."""
        first = {c.algorithm: c for c in reversed(self._kept[:count])}
        plain = [c for name, c in first.items() if name in INTERPRETABLE]
        return sum(_fit_seconds(each, rows, self._costs) for each in plain)

    def _blending(self, count: int, depth: _Depth) -> float:
        if depth.members == 1:
            return 0.0
        return _BLENDING * min(depth.kept or count, 10) * min(self._capped, 20_000) / 20_000

    def _after(self, rows: int, count: int, depth: _Depth) -> float:
        """Return the seconds of the fits after a search, at worst the dearest, and a baseline."""
        each = self._dearest(rows, count)
        if depth.members > 1:
            usual = self._sum(rows, count) / max(count - 2, 1)
            each = max(each, (each + 2 * usual) * depth.fits)
        return each + _fit_seconds(LINEAR, rows, self._costs)

    def _child(self, rows: int, count: int) -> float:
        """Return what a new configuration takes: between the usual and the dearest that move."""
        if (rows, count) not in self._children:
            moving = [
                _fit_seconds(each, rows, self._costs)
                for each in self._kept[:count]
                if "rate" in each.parameters
            ]
            usual = (sum(moving) / len(moving) + max(moving)) / 2 if moving else 0.0
            self._children[rows, count] = usual
        return self._children[rows, count]

    def _sum(self, rows: int, count: int) -> float:
        return self._known(rows)[0][count]

    def _dearest(self, rows: int, count: int) -> float:
        return self._known(rows)[1][count]

    def _known(self, rows: int) -> tuple[list[float], list[float]]:
        if rows not in self._sums:
            each = [_fit_seconds(c, rows, self._costs) for c in self._kept]
            self._sums[rows] = [0.0, *accumulate(each)]
            self._peaks[rows] = [0.0, *accumulate(each, max)]
        return self._sums[rows], self._peaks[rows]


_BLENDING = 0.15
"""Seconds of choosing a blend from one candidate more, of 20,000 rows or more."""


def _looked_at(rows: int, folds: int) -> int:
    """Return how many rows a first look fits on."""
    fitted = rows if not folds else rows * (folds - 1) // folds
    return min(fitted, max(_FEWEST_LOOKED, int(fitted * _LOOK_SHARE)))


def _fit_seconds(configuration: Configuration, rows: int, costs: _Costs) -> float:
    cost = costs.algorithms.get(configuration.algorithm)
    if cost is None:
        return 0.0
    if "trees" not in configuration.parameters:
        return cost.fit.at(rows)
    grown = float(configuration.parameters["trees"])
    if "rate" in configuration.parameters:  # stopped early
        grown = min(grown, _KEPT_TREES * grown + PATIENCE)
    return cost.fit.at(rows) + cost.tree.at(rows) * grown * _size_of(configuration)


def _size_of(configuration: Configuration) -> float:
    """Return what a tree takes beside one of 31 leaves."""
    return math.sqrt(float(configuration.parameters.get("leaves", 31)) / 31.0)


def _take(ways: Sequence[_Work], budget: float) -> _Work:
    """Return the worthiest way within the budget, else the cheapest."""
    within = [way for way in ways if way.seconds <= budget]
    if within:
        return max(within, key=lambda way: (way.worth, -way.seconds))
    return min(ways, key=lambda way: way.seconds)
