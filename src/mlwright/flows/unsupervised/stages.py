"""The steps of a build without a target; what a table is and promises is told as in any other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from mlwright.data.records import Contract, Part, Snapshot, Split
from mlwright.data.repair.records import Repaired
from mlwright.data.split import make_split
from mlwright.data.table import Table
from mlwright.evaluate.judge import METHOD
from mlwright.evaluate.nested import METHOD as FOLDED
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.truth import units_of
from mlwright.evaluate.unsupervised import anomalies, clusters
from mlwright.features.prepare import transform
from mlwright.flows.own_steps import learnt, ruled
from mlwright.flows.records import Goal, RowRoles, SearchRule
from mlwright.flows.stages import SEEN, contract, profile, with_reasons
from mlwright.flows.tables import Tables, part_of
from mlwright.run.steps.step import step
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage, OwnFeatures
from mlwright.stats import usual
from mlwright.stats.counts import FloatArray
from mlwright.store.protocol import Store
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Fitted, Plan, SearchResult, Task, TaskKind
from mlwright.train.target import rows_of
from mlwright.train.unsupervised.catalogue import ANSWER_OF, METRIC_OF
from mlwright.train.unsupervised.centres import bounded, centres_of
from mlwright.train.unsupervised.choose import choose, only
from mlwright.train.unsupervised.fit import answers, at_most, fit
from mlwright.train.unsupervised.usual import APART

_WHY = {
    TaskKind.ANOMALY: "asked for; each answer is the share of rows that are as unusual",
    TaskKind.CLUSTERING: "asked for; each answer is the cluster whose centre is nearest",
}


@step
def split(raw: Snapshot, roles: RowRoles, before: Split | None, store: Store) -> Split:
    """Decide each row's part, for life; ``before`` is the split of earlier data."""
    free = [c.name for c in raw.columns if c.name not in (roles.key, roles.time, roles.group)]
    return make_split(raw, roles, (free or [raw.columns[0].name])[0], store, before)


@step
def task(goal: Goal) -> Task:
    """Tell what is answered, and what the answers are judged by."""
    kind = TaskKind(goal.task)
    return Task(kind, ANSWER_OF[kind], (), METRIC_OF[kind], _WHY[kind])


@step
def search(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    store: Store,
    tables: Tables,
    progress: Progress,
    own_features: OwnFeatures | None = None,
) -> SearchResult:
    """Choose how many clusters there are; of anomaly models there is one."""
    if task.kind is TaskKind.ANOMALY:
        return only(plan.configurations[0], task, "what is told is how unusual a row is")
    train, validation = _chosen_by(own_features, snapshot, split, store, tables)
    drop = ruled(rule, own_features).drop
    return choose(train, validation, task, plan, drop, progress=progress)


def _chosen_by(
    own: OwnFeatures | None, snapshot: Snapshot, split: Split, store: Store, tables: Tables
) -> tuple[Table, Table]:
    if split.method != "nested":
        train = learnt(own, snapshot, split, store, tables, Part.TRAIN)
        return train, learnt(own, snapshot, split, store, tables, Part.VALIDATION)
    every = learnt(own, snapshot, split, store, tables, Part.TRAIN)
    apart = np.arange(len(every.row_ids)) % APART == APART - 1
    return rows_of(every, np.flatnonzero(~apart)), rows_of(every, np.flatnonzero(apart))


@step
def model(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    contract: Contract,
    search: SearchResult,
    store: Store,
    tables: Tables,
    repaired: Repaired | None = None,
    own_features: OwnFeatures | None = None,
) -> ModelPackage:
    """Fit what was chosen on rows outside the test part and package it."""
    rule = ruled(rule, own_features)
    seen = learnt(own_features, snapshot, split, store, tables, *SEEN)
    fitted = with_reasons(fit(seen, search.chosen, task, plan, rule.drop), rule)
    repairs = () if repaired is None else repaired.cell_repairs
    held_out = part_of(snapshot, split, store, tables, *SEEN)
    return package(fitted, contract, held_out, store, repairs, own_features, seen)


@step
def evaluation(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    search: SearchResult,
    store: Store,
    tables: Tables,
    own_features: OwnFeatures | None = None,
) -> Evaluation:
    """Judge what was chosen on rows it was not fitted on, and did not choose it."""
    rule = ruled(rule, own_features)
    pairs = _folds(own_features, snapshot, split, plan, store, tables)
    judge = _anomalies if task.kind is TaskKind.ANOMALY else _clusters
    return judge(pairs, task, plan, rule, search.chosen, split)


_Pairs = list[tuple[Table, Table]]
"""Rows to fit on, and rows that judge."""


def _folds(
    own: OwnFeatures | None,
    snapshot: Snapshot,
    split: Split,
    plan: Plan,
    store: Store,
    tables: Tables,
) -> _Pairs:
    if not plan.folds:
        seen = learnt(own, snapshot, split, store, tables, *SEEN)
        return [(seen, learnt(own, snapshot, split, store, tables, Part.TEST))]
    every = learnt(own, snapshot, split, store, tables, Part.TRAIN)
    units = units_of(every, split.unit)
    fold = np.random.Generator(np.random.PCG64(plan.seed)).permutation(int(units.max()) + 1)
    numbers = fold[units] % plan.folds
    return [
        (rows_of(every, np.flatnonzero(numbers != n)), rows_of(every, np.flatnonzero(numbers == n)))
        for n in range(plan.folds)
        if (numbers == n).any()
    ]


def _anomalies(
    pairs: _Pairs, task: Task, plan: Plan, rule: SearchRule, chosen: Configuration, split: Split
) -> Evaluation:
    judged: list[anomalies.Judged] = []
    for seen, held_out in pairs:
        fitted = fit(seen, chosen, task, plan, rule.drop)
        alone = _columns_alone(fitted, at_most(seen, plan.rows))
        some = at_most(held_out, anomalies.MOST_JUDGED)
        judged.append(anomalies.Judged(some, partial(answers, fitted), alone))
    seen = at_most(pairs[-1][0], anomalies.MOST_JUDGED // 5)
    return anomalies.judge(
        judged,
        anomalies.Judged(seen, judged[-1].answer, judged[-1].columns),
        fitted.preparation.inputs,
        task,
        method=_method(plan),
        unit=split.unit,
        seed=plan.seed,
    )


def _columns_alone(fitted: Fitted, learnt: Table) -> Callable[[pl.DataFrame], FloatArray]:
    """Return the baseline: by the column in which a row lies farthest out, each column alone."""
    X = transform(fitted.preparation, learnt.frame)
    apart = np.arange(len(X)) % APART == APART - 1
    model = usual.learn(X[~apart], X[apart])
    known = np.sort(usual.farthest(model, X[apart]))

    def answer(frame: pl.DataFrame) -> FloatArray:
        scores = usual.farthest(model, transform(fitted.preparation, frame))
        return usual.chance_among(known, scores).reshape(-1, 1)

    return answer


def _clusters(
    pairs: _Pairs, task: Task, plan: Plan, rule: SearchRule, chosen: Configuration, split: Split
) -> Evaluation:
    judged: list[clusters.Judged] = []
    units: list[np.ndarray] = []
    for seen, held_out in pairs:
        some, others = at_most(seen, plan.rows), at_most(held_out, plan.rows)
        fitted = fit(some, chosen, task, plan, rule.drop)
        X, Z = (bounded(transform(fitted.preparation, each.frame)) for each in (some, others))
        judged.append(clusters.Judged(X, Z, centres_of(fitted.content)))
        begin = int(units[-1].max()) + 1 if units else 0
        units.append(units_of(others, split.unit) + begin)
    return clusters.judge(
        judged,
        task,
        method=_method(plan),
        units=np.concatenate(units),
        train=clusters.silhouette_of(judged[-1].learnt, judged[-1].centres),
        seed=plan.seed,
    )


def _method(plan: Plan) -> str:
    return FOLDED if plan.folds else METHOD


ALL = (split, task, profile, contract, search, model, evaluation)
"""The stages of a table that is taken as it was read: it is both ``raw`` and ``snapshot``."""
