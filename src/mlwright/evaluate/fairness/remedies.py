"""What treating groups more alike would do, and what it would cost: tried, told, and not chosen.

The chosen configuration is fitted again with each remedy on the rows it learnt from, and both are
asked about rows that neither saw. Where no part is sealed both answer every row out of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mlwright.data.digests import columns_of
from mlwright.data.records import Kind
from mlwright.data.table import Table
from mlwright.evaluate.fairness.compare import Decided, compare
from mlwright.evaluate.fairness.records import Remedies, Remedy
from mlwright.evaluate.truth import Judged, groups_named, units_of
from mlwright.stats.bootstrap import paired_difference
from mlwright.stats.counts import FloatArray
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from mlwright.train.evening import THRESHOLDS, WEIGHTS
from mlwright.train.fit import answers, fit
from mlwright.train.out_of_fold import out_of_fold
from mlwright.train.records import Configuration, Evening, Plan, Task

FOLDS = 3
MOST_COLUMNS = 3
RESAMPLES = 500
ALSO_PAID = ("accuracy", "brier")
"""Metrics whose price is told beside that of the task's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Where remedies are tried: the rows learnt from, those judged on, and how it is decided.

    ``sealed`` says that the judged rows are others than those learnt from.
    """

    learnt: Table
    judged: Judged
    sealed: bool
    decide: Callable[[FloatArray], FloatArray]
    unit: str | None


def remedies(
    bench: Bench,
    task: Task,
    plan: Plan,
    configuration: Configuration,
    drop: Collection[str],
    columns: Sequence[str],
    *,
    method: str,
) -> Remedies:
    """Return what each remedy does for each protected column, and its price."""
    plain = replace(task, evening=None)
    kinds = {column.name: column.kind for column in columns_of(bench.learnt.frame)}

    def answered(of: Task) -> FloatArray:
        return _answered(bench, of, plan, configuration, drop)

    before = answered(plain) if columns else None
    tried: list[Remedy] = []
    without: dict[str, str] = {}
    for place, column in enumerate(columns):
        if place >= MOST_COLUMNS:
            without[column] = f"remedies are tried for the first {MOST_COLUMNS} columns"
            continue
        hows = [WEIGHTS]
        if kinds[column] is not Kind.STRING:
            without[column] = "limits need a column of texts"
        elif column in drop:
            without[column] = "limits need a column that the model reads"
        else:
            hows.append(THRESHOLDS)
        for how in hows:
            after = answered(replace(plain, evening=Evening(how, column, "tpr_gap")))
            assert before is not None
            tried.append(_remedy(bench, task, plan, how, column, before, after))
    return Remedies(method, len(bench.judged.y), task.metric, tuple(tried), without, plan.seed)


def _answered(
    bench: Bench, task: Task, plan: Plan, configuration: Configuration, drop: Collection[str]
) -> FloatArray:
    if bench.sealed:
        fitted = fit(bench.learnt, configuration, task, plan, drop)
        return answers(fitted, bench.judged.table.frame, threads=plan.threads)
    found = out_of_fold(bench.learnt, configuration, task, plan, drop, folds=FOLDS)
    of_judged: FloatArray = found[bench.judged.places]
    return of_judged


def _remedy(
    bench: Bench,
    task: Task,
    plan: Plan,
    how: str,
    column: str,
    before: FloatArray,
    after: FloatArray,
) -> Remedy:
    without = _gaps(bench, column, before, plan.seed)
    with_it = _gaps(bench, column, after, plan.seed)
    units = units_of(bench.judged.table, bench.unit)
    price: dict[str, Interval] = {}
    for name in dict.fromkeys((task.metric, *ALSO_PAID)):
        metric = METRICS[name]
        better, worse = (before, after) if metric.greater_is_better else (after, before)
        price[name] = paired_difference(
            metric,
            bench.judged.y,
            better,
            worse,
            seed=plan.seed,
            resamples=RESAMPLES,
            units=units,
        )
    said = _in_words(how, column, without, with_it, price, task)
    return Remedy(how, column, without, with_it, price, said)


def _gaps(bench: Bench, column: str, answered: FloatArray, seed: int) -> dict[str, Interval]:
    frame = bench.judged.table.frame
    decided = Decided(
        bench.judged.y,
        bench.decide(answered),
        answered[:, 1],
        units_of(bench.judged.table, bench.unit),
    )
    (found,) = compare(decided, {column: ((column,), groups_named(frame, column))}, seed=seed)
    return {gap.name: gap.size for gap in found.gaps}


def _in_words(
    how: str,
    column: str,
    before: Mapping[str, Interval],
    after: Mapping[str, Interval],
    price: Mapping[str, Interval],
    task: Task,
) -> str:
    moved = ", ".join(
        f"{name} from {100 * before[name].value:.1f} to {100 * after[name].value:.1f} points"
        for name in ("tpr_gap", "selection_gap")
        if name in before and name in after
    )
    paid = price[task.metric]
    costs = f"costs {paid.value:.4f} of {task.metric}"
    if paid.low <= 0 <= paid.high:
        costs = f"costs nothing of {task.metric} that can be told from chance"
    elif paid.value < 0:
        costs = f"gains {-paid.value:.4f} of {task.metric}"
    return (
        f"{how} for {column} move {moved or 'no gap that can be told'}, and that {costs}"
        f" (95 %: {paid.low:.4f} to {paid.high:.4f})"
    )
