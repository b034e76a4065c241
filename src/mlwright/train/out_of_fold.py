"""Answers to rows from models that were fitted without them, for every row of a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from mlwright.data.table import Table
from mlwright.features.numbers import Matrix
from mlwright.train.fit import answers, fit
from mlwright.train.records import Configuration, Plan, Task
from mlwright.train.rounds import rounds_of
from mlwright.train.target import rows_of, target_values


def out_of_fold(
    table: Table,
    configuration: Configuration,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    *,
    folds: int,
) -> Matrix:
    """Return rows x outputs: each row answered by the one model of ``folds`` that did not see it.

    A row without a target is in no fold: it gets the mean of all. A row that is the only one of
    its class judges nowhere and gets NaN. Rounds are never forward in time here: what is asked
    is whether a label fits its row, not what could have been known.
    """
    width = max(1, len(task.classes))
    found = np.full((len(table.row_ids), width), np.nan)
    unlabelled = np.flatnonzero(~np.isfinite(target_values(table.frame, task)))
    summed = np.zeros((len(unlabelled), width))
    rounds = rounds_of(table, task, folds, seed=plan.seed, unit=plan.unit, time=None)
    once = replace(plan, folds=0)
    for fitting, judging in rounds:
        fitted = fit(rows_of(table, fitting), configuration, task, once, drop)
        found[judging] = answers(fitted, table.frame[judging], threads=plan.threads)
        if len(unlabelled):
            summed += answers(fitted, table.frame[unlabelled], threads=plan.threads)
    if rounds:
        found[unlabelled] = summed / len(rounds)
    return found
