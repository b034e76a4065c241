"""Judge a model beside its baselines on the sealed test part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from mlwright.data.table import Table
from mlwright.evaluate.conclude import conclude
from mlwright.evaluate.estimate import DUMMY, LINEAR, MODEL, Round
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.truth import judgeable
from mlwright.stats.counts import FloatArray
from mlwright.train.records import SearchResult, Task

Scorer = Callable[[pl.DataFrame], FloatArray]
"""Answers a table's rows: float64, rows x outputs."""

METHOD = "sealed test"


def judge(
    test: Table,
    task: Task,
    scorers: Mapping[str, Scorer],
    search: SearchResult,
    *,
    seed: int,
    fairness: Sequence[str] = (),
    unit: str | None = None,
) -> Evaluation:
    """Return the evaluation of a model on rows that neither it nor its search saw.

    Parameters
    ----------
    scorers
        By name: ``model``, ``dummy`` and ``linear``.
    search
        Gives the scores on training and validation rows for the fit verdict.
    fairness
        Columns whose groups are compared.
    unit
        The column of the split's units (a household, a customer): whole units are resampled.
    """
    judged = judgeable(test, task)
    answers = {name: scorers[name](judged.table.frame) for name in (MODEL, DUMMY, LINEAR)}
    chosen = next(s for s in search.scored if s.configuration.name == search.chosen.name)
    return conclude(
        judged,
        [Round(answers)],
        task,
        method=METHOD,
        train=chosen.train,
        validation=chosen.validation,
        fairness=fairness,
        unit=unit,
        seed=seed,
    )
