"""Leaks of a build: what only the flows know of a question, put to the search for leaks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

from mlwright.data.joins.records import JoinRule
from mlwright.data.leaks.look import Asked, look_for_leaks
from mlwright.data.leaks.records import LeakReport
from mlwright.data.leaks.sample import evenly
from mlwright.data.leaks.twins import Cut
from mlwright.data.records import Part
from mlwright.data.split import PARTS, Numbers
from mlwright.data.table import Table
from mlwright.stats.explained import share_of
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import PORTFOLIO, with_trees
from mlwright.train.records import Plan, Task, TaskKind
from mlwright.train.rounds import rounds_of
from mlwright.train.target import rows_of, target_values

_JUDGE = with_trees(next(each for each in PORTFOLIO if each.name == "trees-small"), 0.15)
"""What tells how much a table knows without a column: not the best model, but a fair one."""

_MOST_ROWS = 12_000
_JUDGING = 3

_Places = npt.NDArray[np.int64]


def leaks_of(
    table: Table,
    numbers: Numbers | None,
    task: Task,
    plan: Plan | None,
    *,
    key: str | None,
    time: str | None,
    by_time: bool,
    drop: Collection[str],
    seed: int,
    joins: Sequence[JoinRule] = (),
) -> LeakReport:
    """Return every check's value and the leaks found; of test rows only the features are compared.

    Parameters
    ----------
    numbers, plan
        The part of each row and what chooses the model; None where a table is looked through
        before they were made.
    by_time
        Whether the split follows the time.
    joins
        What columns were joined as of which moments.
    drop
        Columns that are no features whatever they hold.
    """
    features = tuple(n for n in table.frame.columns if n != task.target and n not in drop)
    asked = Asked(
        target=task.target,
        is_amount=task.kind is TaskKind.REGRESSION,
        features=features,
        key=key if key != task.target else None,
        time=time,
        parts=numbers,
        by_time=by_time,
        joins=tuple(joins),
    )
    seen = np.arange(len(table.row_ids))
    if numbers is not None:
        seen = np.flatnonzero(np.isin(numbers, _numbered(Part.TRAIN, Part.VALIDATION)))
    return look_for_leaks(
        table,
        asked,
        rest=_rest(table, seen, task, time, drop, seed),
        rounds=None if plan is None or numbers is None else _rounds(table, numbers, task, plan),
    )


def _numbered(*wanted: Part) -> list[int]:
    return [PARTS.index(part) for part in wanted]


def _rounds(table: Table, numbers: Numbers, task: Task, plan: Plan) -> Callable[[], Sequence[Cut]]:
    """Return what gives the cuts by which the plan chooses a model, or judges it where nested."""

    def cuts() -> Sequence[Cut]:
        if not plan.folds:
            train, validation = (
                np.flatnonzero(np.isin(numbers, _numbered(part)))
                for part in (Part.TRAIN, Part.VALIDATION)
            )
            return [(train, validation)]
        seen = np.flatnonzero(np.isin(numbers, _numbered(Part.TRAIN, Part.VALIDATION)))
        rounds = rounds_of(
            rows_of(table, seen),
            task,
            plan.outer_folds or plan.folds,
            seed=plan.seed,
            unit=plan.unit,
            time=plan.time,
        )
        return [(seen[fitting], seen[judging]) for fitting, judging in rounds]

    return cuts


def _rest(
    table: Table, seen: _Places, task: Task, time: str | None, drop: Collection[str], seed: int
) -> Callable[[Collection[str]], float]:
    """Return what tells how much of the target all columns but some tell, on rows not fitted on."""

    def share(without: Collection[str]) -> float:
        y = target_values(table.frame[seen], task)
        known = evenly(seen[np.isfinite(y)], _MOST_ROWS)
        drawn = np.random.default_rng(seed).permutation(len(known))
        judging = np.sort(known[drawn % _JUDGING == 0])
        fitting = np.sort(known[drawn % _JUDGING != 0])
        rows = rows_of(table, judging)
        plan = _plan(time, seed)
        fitted = fit(rows_of(table, fitting), _JUDGE, task, plan, {*drop, *without})
        told = answers(fitted, rows.frame)
        truth = target_values(rows.frame, task)
        mean = target_values(table.frame[fitting], task)
        if task.kind is TaskKind.REGRESSION:
            left, whole = (truth - told[:, 0]) ** 2, (truth - mean.mean()) ** 2
            return max(share_of(left, whole).share, _by_rank(truth, told[:, 0]))
        classes = np.arange(len(task.classes))
        is_it, before = truth[:, None] == classes, mean[:, None] == classes
        left = ((is_it - told) ** 2).sum(axis=1)
        whole = ((is_it - before.mean(axis=0)) ** 2).sum(axis=1)
        return share_of(left, whole).share

    return share


def _by_rank(truth: npt.NDArray[np.float64], told: npt.NDArray[np.float64]) -> float:
    """Return the share of the variation of ranks that answers in another order leave told."""
    ranks = [np.argsort(np.argsort(each, kind="stable"), kind="stable") for each in (truth, told)]
    together = float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if len(truth) > 1 else 0.0
    return together**2 if together > 0 else 0.0


def _plan(time: str | None, seed: int) -> Plan:
    return Plan(
        configurations=(_JUDGE,),
        rows=_MOST_ROWS,
        folds=0,
        outer_folds=0,
        repeats=0,
        threads=1,
        seed=seed,
        budget_seconds=0.0,
        machine="",
        measured={},
        time=time,
    )
