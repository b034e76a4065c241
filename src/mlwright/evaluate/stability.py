"""Would the model be the same again? Fitted with other seeds, each without another fifth of rows.

What changes between such fits is owed to chance, not to the question: the draw of the seed and of
the rows that happened to be there (the delete-a-group jackknife).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import combinations

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.conformal import mean_of
from mlwright.evaluate.records import Stability
from mlwright.evaluate.truth import judgeable, units_of
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.decisions import decided
from mlwright.stats.metrics import METRICS
from mlwright.train.fit import answers, fit
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Plan, Task
from mlwright.train.target import labelled, rows_of

FITS = 5


def stability(
    fitting: Table,
    judging: Table,
    task: Task,
    plan: Plan,
    configuration: Configuration,
    drop: Collection[str],
    *,
    unit: str | None,
    progress: Progress,
) -> Stability:
    """Return how far five fits of a configuration differ on the same rows that none saw.

    Parameters
    ----------
    unit
        The column of the split's units: whole units are left out of a fit.
    """
    known = labelled(fitting, task.target)
    judged = judgeable(judging, task)
    units = units_of(known, unit)
    part = np.random.default_rng(plan.seed).permutation(int(units.max()) + 1)[units] % FITS
    metric = METRICS[task.metric]
    told: list[FloatArray] = []
    scores: list[float] = []
    progress.start(FITS, "stability")
    for number in range(FITS):
        kept = rows_of(known, np.flatnonzero(part != number))
        seeded = replace(plan, folds=0, seed=plan.seed + number + 1)
        fitted = fit(kept, configuration, task, seeded, drop)
        told.append(answers(fitted, judged.table.frame, threads=plan.threads))
        scores.append(metric.function(judged.y, told[-1]))
        progress.advance(f"fit {number + 1} of {FITS}")
    progress.finish()
    apart = _apart(told, task)
    return Stability(
        fits=FITS,
        rows=len(judged.y),
        metric=task.metric,
        scores=tuple(scores),
        spread=max(scores) - min(scores),
        disagreement=mean_of(apart, units_of(judged.table, unit)),
        decides=bool(task.classes),
    )


def _apart(told: list[FloatArray], task: Task) -> FloatArray:
    """Return for each row how often two fits decide otherwise; of numbers their mean distance."""
    if task.classes:
        called: list[IntArray] = [decided(each, task.costs) for each in told]
        pairs = [(a != b).astype(np.float64) for a, b in combinations(called, 2)]
    else:
        pairs = [np.abs(a[:, 0] - b[:, 0]) for a, b in combinations(told, 2)]
    mean: FloatArray = np.mean(pairs, axis=0)
    return mean
