"""Judge a model beside its baselines on rows it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from mlwright.data.table import Table
from mlwright.evaluate.conclude import conclude
from mlwright.evaluate.estimate import MODEL, Round
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.truth import judgeable
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.stats.counts import FloatArray
from mlwright.train.records import SearchResult, Task

Scorer = Callable[[pl.DataFrame], FloatArray]
"""Answers a table's rows: float64, rows x outputs."""

METHOD = "sealed test"


def answered(test: Table, task: Task, scorer: Scorer, search: SearchResult) -> Unseen:
    """Return a model's answers to the sealed test part, which neither it nor its search saw.

    Parameters
    ----------
    search
        Gives the scores on training and validation rows for the fit verdict.
    """
    judged = judgeable(test, task)
    chosen = next(s for s in search.scored if s.configuration.name == search.chosen.name)
    return Unseen(
        METHOD,
        judged.places,
        judged.y,
        (Round({MODEL: scorer(judged.table.frame)}),),
        judged.left_out,
        train=chosen.train,
        validation=chosen.validation,
    )


def judge(
    table: Table,
    task: Task,
    unseen: Unseen,
    baselines: Mapping[str, Scorer],
    *,
    seed: int,
    fairness: Sequence[str] = (),
    unit: str | None = None,
) -> Evaluation:
    """Return the evaluation of a model by its answers to rows it never saw.

    Parameters
    ----------
    table
        The table whose rows were answered.
    baselines
        By name (``dummy`` and ``linear``), what answers the rows where no round holds it yet.
    fairness
        Columns whose groups are compared.
    unit
        The column of the split's units (a household, a customer): whole units are resampled.
    """
    judged = judged_rows(table, unseen)
    beside = {name: scorer(judged.table.frame) for name, scorer in baselines.items()}
    found = conclude(
        judged,
        [Round({**each.answers, **beside}, each.folds) for each in unseen.rounds],
        task,
        method=unseen.method,
        train=unseen.train,
        validation=unseen.validation,
        fairness=fairness,
        unit=unit,
        seed=seed,
    )
    if not unseen.choices:
        return found
    return replace(found, fit=replace(found.fit, why=f"{found.fit.why}; {unseen.choices}"))
