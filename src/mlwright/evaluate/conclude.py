"""From answers to an evaluation: what the sealed test and the nested cross-validation share."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.evaluate.curves import curves
from mlwright.evaluate.estimate import DUMMY, LINEAR, MODEL, Round, estimate
from mlwright.evaluate.fit_verdict import Scores, fit_verdict
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.truth import Judged, groups_named, units_of
from mlwright.stats.metrics import BINARY, METRICS
from mlwright.train.records import Task


def conclude(
    judged: Judged,
    rounds: Sequence[Round],
    task: Task,
    *,
    method: str,
    train: float,
    validation: float,
    fairness: Sequence[str],
    unit: str | None,
    seed: int,
) -> Evaluation:
    """Return the evaluation of rows that each round answered by the model and both baselines.

    Parameters
    ----------
    train, validation
        The model's scores in the task's metric on rows it was trained on, and on those that
        chose it.
    """
    kind = task.kind.value
    found = estimate(
        judged.y,
        rounds,
        task=kind,
        metric=task.metric,
        groups={name: groups_named(judged.table.frame, name) for name in fairness},
        units=units_of(judged.table, unit),
        seed=seed,
        costs=task.costs,
    )
    positives = int((judged.y == 1).sum())
    scores = Scores(
        rows=len(judged.y),
        rarest=min(positives, len(judged.y) - positives) if kind == BINARY else None,
        train=train,
        validation=validation,
        test=found.metrics[MODEL][task.metric],
        dummy=found.metrics[DUMMY][task.metric].value,
        gain=found.gains[DUMMY],
        gain_over_linear=found.gains[LINEAR],
    )
    return Evaluation(
        method=method,
        rows=len(judged.y),
        metric=task.metric,
        metrics=found.metrics[MODEL],
        baselines={name: found.metrics[name] for name in (DUMMY, LINEAR)},
        gain=scores.gain,
        gain_over_linear=scores.gain_over_linear,
        fit=fit_verdict(METRICS[task.metric], scores),
        fairness=found.fairness,
        groups=found.groups,
        curves=curves(judged.y, rounds[0].answers[MODEL], kind),
        left_out=judged.left_out,
        seed=seed,
        resamples=found.resamples,
    )
