"""Stability over seeds, when it is asked for: it fits the chosen configuration five times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import PARTS
from mlwright.evaluate.records import Stability
from mlwright.evaluate.stability import stability as fit_again
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.own_steps import parted_learnt, ruled
from mlwright.flows.records import SearchRule
from mlwright.flows.tables import Tables
from mlwright.govern.findings.stability import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import OwnFeatures
from mlwright.stats.metrics import BINARY, METRICS, MULTICLASS, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.progress import Progress
from mlwright.train.records import Plan, SearchResult, Task
from mlwright.train.rounds import rounds_of
from mlwright.train.target import rows_of

APART, SPREAD = "disagreement", "seed_spread"
_FOLDS = 3


@step
def stability(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    search: SearchResult,
    store: Store,
    tables: Tables,
    progress: Progress,
    own_features: OwnFeatures | None = None,
) -> Stability:
    """Fit the chosen configuration with other seeds and fewer rows, and hold the fits together."""
    table, numbers = parted_learnt(own_features, snapshot, split, store, tables)
    seen = np.flatnonzero(numbers != PARTS.index(Part.TEST))
    judging = np.flatnonzero(numbers == PARTS.index(Part.TEST))
    if split.method == "nested":  # no part is sealed: one fold stands in for it
        seen, judging = rounds_of(
            table, task, _FOLDS, seed=plan.seed, unit=split.unit, time=plan.time
        )[-1]
    return fit_again(
        rows_of(table, seen),
        rows_of(table, judging),
        task,
        plan,
        search.chosen,
        ruled(rule, own_features).drop,
        unit=split.unit,
        progress=progress,
    )


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, MULTICLASS, REGRESSION):
        return {}
    metric = METRICS[scope.metric]
    apart = Scale(None, 0.0) if scope.task == REGRESSION else Scale(Quantity.SHARE, 0.0, 1.0)
    return {**with_ends({APART: apart}), SPREAD: Scale(None, 0.0, metric.most - metric.least)}


def _values(found: Stability) -> Named:
    apart = found.disagreement
    return Named(
        {APART: Measured(apart.value, apart.low, apart.high), SPREAD: Measured(found.spread)}
    )


FINDING = Finding(
    stability,
    _scales,
    _values,
    told,
    always=False,
    terms={
        APART: "how often two fits with other seeds, each without another fifth of the rows, decide"
        " a row otherwise; of numbers how far apart they answer on average; has ends",
        SPREAD: "how far the best and the worst of five such fits lie apart, in the metric of the"
        " search",
    },
)
