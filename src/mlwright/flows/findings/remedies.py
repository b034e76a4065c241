"""What treating groups more alike would do and cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlwright.checks.by_term import ByTerm
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Part, Snapshot, Split
from mlwright.evaluate.fairness.records import Remedies
from mlwright.evaluate.fairness.remedies import Bench
from mlwright.evaluate.fairness.remedies import remedies as tried
from mlwright.evaluate.truth import columns_named
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.own_steps import learnt, ruled
from mlwright.flows.records import Judgement, SearchRule
from mlwright.flows.stages import SEEN
from mlwright.flows.tables import Tables
from mlwright.govern.findings.remedies import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage, OwnFeatures
from mlwright.scoring.scorer import load
from mlwright.stats.counts import FloatArray
from mlwright.stats.metrics import BINARY, METRICS
from mlwright.store.protocol import Store
from mlwright.train.evening import THRESHOLDS, WEIGHTS
from mlwright.train.records import Plan, SearchResult, Task

_HOWS = (WEIGHTS, THRESHOLDS)


@step
def remedies(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    judgement: Judgement,
    search: SearchResult,
    model: ModelPackage,
    unseen: Unseen,
    store: Store,
    tables: Tables,
    own_features: OwnFeatures | None = None,
) -> Remedies:
    """Fit the chosen configuration with each remedy, and compare on rows that neither saw."""
    scorer = load(model, store)

    def decide(answers: FloatArray) -> FloatArray:
        positive = [each == task.classes[1] for each in scorer.decide(answers)]
        return np.array(positive, dtype=np.float64)

    sealed = split.method != "nested"
    judging = (Part.TEST,) if sealed else (Part.TRAIN,)
    whole = learnt(own_features, snapshot, split, store, tables, *judging)
    bench = Bench(
        learnt(own_features, snapshot, split, store, tables, *SEEN) if sealed else whole,
        judged_rows(whole, unseen),
        sealed,
        decide,
        split.unit,
    )
    names = [column.name for column in snapshot.columns]
    columns = dict.fromkeys(
        column for name in judgement.fairness for column in columns_named(name, names)
    )
    drop = ruled(rule, own_features).drop
    method = unseen.method if sealed else "out of fold"
    return tried(bench, task, plan, search.chosen, drop, tuple(columns), method=method)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task != BINARY or not scope.fairness:
        return {}
    metric = METRICS[scope.metric]
    widest = metric.most - metric.least
    price = Scale(Quantity.SHARE if metric.share else None, -widest, widest)
    columns = dict.fromkeys(
        column for name in scope.fairness for column in columns_named(name, scope.columns)
    )
    return {f"{how}_price({column})": price for column in columns for how in _HOWS}


def _values(found: Remedies) -> ByTerm:
    measured: dict[str, Measured | None] = dict.fromkeys(
        f"{how}_price({column})" for column in found.without for how in _HOWS
    )
    for each in found.tried:
        price = each.price[found.metric]
        value = Measured(price.value, price.low, price.high)
        measured[f"{each.how}_price({each.column})"] = value
    return ByTerm(measured, "fairness")


FINDING = Finding(
    remedies,
    _scales,
    _values,
    told,
    terms={
        "weights_price(COLUMN)": "how much worse the metric of the search gets when rows are"
        " weighted so that the groups of a protected column are treated more alike;"
        " `thresholds_price(COLUMN)`, when each gets a limit of its own; have intervals",
    },
    always=False,
)
