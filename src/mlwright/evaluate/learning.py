"""The learning curve: the chosen configuration fitted on fewer rows, judged on the same others.

Every share of the rows is judged on the same rows and the same resamples, so that what the last
doubling of rows gave is a paired difference. Rows in time lose their oldest, others are drawn, each
share a part of the next larger one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.estimate import MODEL, Round, estimate
from mlwright.evaluate.fit_verdict import NOTICEABLE
from mlwright.evaluate.records import Evaluation, FitVerdict, Learning, LearningPoint
from mlwright.evaluate.truth import units_of
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from mlwright.train.fit import answers, fit
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Plan, Task
from mlwright.train.target import labelled, rows_of, target_values

SHARES = (0.125, 0.25, 0.5, 1.0)
FEWEST = 50
"""Rows under which a share is not fitted: a model of fewer says nothing of the curve."""

_MOST_TRAIN_SCORED = 5_000


def learning_curve(
    table: Table,
    rounds: Sequence[tuple[IntArray, IntArray]],
    task: Task,
    plan: Plan,
    configuration: Configuration,
    drop: Collection[str],
    evaluation: Evaluation,
    *,
    unit: str | None,
    progress: Progress,
) -> Learning:
    """Return how a configuration's scores change with the rows it is fitted on.

    Parameters
    ----------
    rounds
        The places of the rows to fit on and of those that judge: one for a sealed test, else the
        folds of a cross-validation.
    evaluation
        The evaluation of the model, whose verdict the curve explains.
    unit
        The column of the split's units: whole units are resampled.
    """
    metric = METRICS[task.metric]
    fewest = min(len(fitting) for fitting, _ in rounds)
    shares = [share for share in SHARES if share == 1.0 or share * fewest >= FEWEST]
    once = replace(plan, folds=0)
    judging = np.concatenate([judged for _, judged in rounds])
    y = target_values(table.frame[judging], task)
    known = np.flatnonzero(np.isfinite(y))
    answered: dict[str, FloatArray] = {}
    trained: list[float] = []
    progress.start(len(shares) * len(rounds), "the learning curve")
    for share in reversed(shares):
        pieces: list[FloatArray] = []
        scores: list[float] = []
        for fitting, judged in rounds:
            seen = labelled(rows_of(table, _part(fitting, share, plan)), task.target)
            fitted = fit(seen, configuration, task, once, drop)
            pieces.append(answers(fitted, table.frame[judged], threads=plan.threads))
            shown = rows_of(seen, _evenly(len(seen.row_ids)))
            told = answers(fitted, shown.frame, threads=plan.threads)
            scores.append(metric.function(target_values(shown.frame, task), told))
            progress.advance(f"{share:.1%} of the rows")
        answered[_name(share)] = np.concatenate(pieces)[known]
        trained.insert(0, float(np.mean(scores)))
    progress.finish()
    folds = np.repeat(np.arange(len(rounds)), [len(judged) for _, judged in rounds])[known]
    found = estimate(
        y[known],
        [Round(answered, folds if len(rounds) > 1 else None)],
        task=task.kind.value,
        metric=task.metric,
        groups={},
        units=units_of(rows_of(table, judging[known]), unit),
        seed=plan.seed,
        only=(task.metric,),
        costs=task.costs,
    )
    mean_rows = float(np.mean([len(fitting) for fitting, _ in rounds]))
    points = tuple(
        LearningPoint(round(share * mean_rows), train, found.metrics[_name(share)][task.metric])
        for share, train in zip(shares, trained, strict=True)
    )
    doubling = found.gains.get(_name(0.5))
    verdict = evaluation.fit.verdict
    way = abs(
        (1.0 if metric.greater_is_better else 0.0)
        - evaluation.baselines["dummy"][task.metric].value
    )
    return Learning(
        metric=task.metric,
        rounds=len(rounds),
        points=points,
        doubling=doubling,
        verdict=verdict,
        why=evaluation.fit.why,
        promise=_promise(verdict, doubling, way),
    )


def _name(share: float) -> str:
    return MODEL if share == 1.0 else f"{share:g}"


def _part(fitting: IntArray, share: float, plan: Plan) -> IntArray:
    """Return a share of the rows, in their order; smaller shares are parts of larger ones."""
    count = round(share * len(fitting))
    if share == 1.0:
        return fitting
    if plan.time is not None:
        return fitting[len(fitting) - count :]
    drawn = np.random.default_rng(plan.seed).permutation(len(fitting))[:count]
    part: IntArray = fitting[np.sort(drawn)]
    return part


def _evenly(rows: int) -> IntArray:
    kept = min(rows, _MOST_TRAIN_SCORED)
    places: IntArray = np.arange(kept, dtype=np.intp) * rows // max(kept, 1)
    return places


def _promise(verdict: FitVerdict, doubling: Interval | None, way: float) -> str:
    """Say what more rows promise, and what else would help."""
    if doubling is None or not np.isfinite([doubling.low, doubling.high]).all():
        return "there are too few rows to fit on half of them: the curve cannot tell"
    helps = doubling.low > 0
    nothing = doubling.high < NOTICEABLE * way
    if helps and doubling.value >= NOTICEABLE * way:
        if verdict is FitVerdict.OVERFIT:
            return (
                "twice the rows would narrow the gap; until then fewer columns or a simpler model"
            )
        return "more rows would help"
    if nothing and verdict is FitVerdict.OVERFIT:
        return "more rows promise little: take fewer columns or a simpler model"
    if nothing and verdict is FitVerdict.UNDERFIT:
        return "more rows promise little: it takes columns that say more, or a longer search"
    if nothing:
        return "it has levelled off: more rows of this kind promise little"
    return "whether more rows would help, these cannot tell"
