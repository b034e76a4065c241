"""The learning curve, when it is asked for: it fits the chosen configuration again and again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import PARTS
from mlwright.evaluate.learning import learning_curve
from mlwright.evaluate.records import Evaluation, Learning
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.own_steps import parted_learnt, ruled
from mlwright.flows.records import SearchRule
from mlwright.flows.tables import Tables
from mlwright.govern.findings.learning import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import OwnFeatures
from mlwright.stats.metrics import BINARY, METRICS, MULTICLASS, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.progress import Progress
from mlwright.train.records import Plan, SearchResult, Task
from mlwright.train.rounds import rounds_of

DOUBLING = "doubling"
_FOLDS = 5


@step
def learning(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    search: SearchResult,
    evaluation: Evaluation,
    store: Store,
    tables: Tables,
    progress: Progress,
    own_features: OwnFeatures | None = None,
) -> Learning:
    """Fit the chosen configuration on shares of the rows, and judge each on the same others."""
    table, numbers = parted_learnt(own_features, snapshot, split, store, tables)
    test = np.flatnonzero(numbers == PARTS.index(Part.TEST))
    seen = np.flatnonzero(numbers != PARTS.index(Part.TEST))
    rounds = [(seen, test)]
    if split.method == "nested":
        rounds = list(
            rounds_of(table, task, _FOLDS, seed=plan.seed, unit=split.unit, time=plan.time)
        )
    return learning_curve(
        table,
        rounds,
        task,
        plan,
        search.chosen,
        ruled(rule, own_features).drop,
        evaluation,
        unit=split.unit,
        progress=progress,
    )


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, MULTICLASS, REGRESSION):
        return {}
    metric = METRICS[scope.metric]
    widest = metric.most - metric.least
    return with_ends({DOUBLING: Scale(None, -widest, widest)})


def _values(found: Learning) -> Named:
    gain = found.doubling
    return Named({DOUBLING: None if gain is None else Measured(gain.value, gain.low, gain.high)})


FINDING = Finding(
    learning,
    _scales,
    _values,
    told,
    always=False,
    terms={
        DOUBLING: "what the last doubling of rows gave, in the metric of the search: 0 where more"
        " rows of the same kind promise nothing; has ends"
    },
)
