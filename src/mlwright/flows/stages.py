"""The steps of a build: each stage as a function from records to records, cached and replayable.

Inputs decide a step's key; resources (``store``, ``tables``, ``progress``, ``sink``) do not: all
they give is named by content in the inputs.
"""

from __future__ import annotations

from dataclasses import replace

from mlwright.data.contract import agree, infer
from mlwright.data.joins.records import Joins
from mlwright.data.leaks.records import LeakReport
from mlwright.data.profile import profile as describe
from mlwright.data.records import Contract, Part, Profile, Snapshot, Split, Terms
from mlwright.data.repair.carry import repair as carry_out
from mlwright.data.repair.records import Repaired, RepairRule
from mlwright.data.split import make_split
from mlwright.evaluate.costs import cost_matrix
from mlwright.evaluate.judge import answered, judge
from mlwright.evaluate.nested import nested
from mlwright.evaluate.records import Evaluation
from mlwright.evaluate.unseen import Unseen
from mlwright.flows.leaking import leaks_of
from mlwright.flows.own_steps import examined, learnt, ruled
from mlwright.flows.records import Baselines, Goal, Judgement, RowRoles, SearchRule
from mlwright.flows.tables import Tables, part_of, parted, rows_judged
from mlwright.run.points import Sink
from mlwright.run.steps.step import step
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage, OwnFeatures, OwnSteps
from mlwright.scoring.scorer import load
from mlwright.store.protocol import Store
from mlwright.train.evening import EVENED
from mlwright.train.fit import fit
from mlwright.train.memory import Memory
from mlwright.train.portfolio import DUMMY, LINEAR
from mlwright.train.progress import Progress
from mlwright.train.records import Fitted, Plan, SearchResult, Task
from mlwright.train.reports import Reports
from mlwright.train.search import search as run_search
from mlwright.train.task import infer_task
from mlwright.train.weighing import row_weights

SEEN = (Part.TRAIN, Part.VALIDATION)


@step
def split(raw: Snapshot, goal: Goal, roles: RowRoles, before: Split | None, store: Store) -> Split:
    """Decide each row's part, for life; ``before`` is the split of earlier data.

    It goes by the table as it was read: no step of repair moves a row.
    """
    return make_split(raw, roles, goal.target, store, before)


@step
def repaired(raw: Snapshot, split: Split, repair: RepairRule, store: Store) -> Repaired:
    """Carry out the declared steps, fitted on training rows; record what each touched."""
    return carry_out(raw, repair, split, store)


@step
def snapshot(repaired: Repaired) -> Snapshot:
    """Hand on the repaired table, in place of the one that was read."""
    return repaired.snapshot


@step
def task(snapshot: Snapshot, split: Split, goal: Goal, store: Store, tables: Tables) -> Task:
    """Tell what kind of question the target asks, from rows outside the sealed test part."""
    seen = part_of(snapshot, split, store, tables, *SEEN)
    found = infer_task(seen.frame, goal.target, goal.task, goal.metric)
    costs = cost_matrix(goal.costs, found.classes, goal.target)
    found = replace(
        found, costs=costs, weight=goal.weight, text=goal.text, categories=goal.categories
    )
    row_weights(seen.frame, found)
    if goal.evening is None:
        return found
    why = f"{found.why}; {EVENED[goal.evening.how]} {goal.evening.name}, as asked"
    return replace(found, evening=goal.evening, why=why)


@step
def profile(snapshot: Snapshot, split: Split, store: Store, tables: Tables) -> Profile:
    """Describe every column, from rows outside the sealed test part."""
    return describe(part_of(snapshot, split, store, tables, *SEEN))


@step
def contract(profile: Profile, goal: Goal, rule: SearchRule, terms: Terms) -> Contract:
    """Write down what columns promise: stated, as agreed before, or told from the profile alone."""
    return agree(infer(profile, goal.target, exclude=rule.drop), terms)


@step
def own_features(
    own_steps: OwnSteps,
    snapshot: Snapshot,
    split: Split,
    goal: Goal,
    roles: RowRoles,
    rule: SearchRule,
    store: Store,
    tables: Tables,
) -> OwnFeatures:
    """Look at what the user's steps make of training rows; refuse what looks at other rows."""
    return examined(own_steps, snapshot, split, goal.target, roles, rule, store, tables)


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
    memory: Memory,
    own_features: OwnFeatures | None = None,
    sink: Sink | None = None,
) -> SearchResult:
    """Carry out the plan: score every configuration on rows it was not trained on, choose one."""
    # Where folds judge they do so on every row outside the test part.
    fitting = SEEN if plan.folds else (Part.TRAIN,)
    train = learnt(own_features, snapshot, split, store, tables, *fitting)
    validation = None
    if not plan.folds:
        validation = learnt(own_features, snapshot, split, store, tables, Part.VALIDATION)
    return run_search(
        train,
        validation,
        task,
        plan,
        ruled(rule, own_features).drop,
        interpretable_within=rule.interpretable_within,
        progress=progress,
        memory=memory,
        sink=sink,
    )


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
    sink: Sink | None = None,
) -> ModelPackage:
    """Fit the chosen configuration on every row outside the test part and package it."""
    rule = ruled(rule, own_features)
    seen = learnt(own_features, snapshot, split, store, tables, *SEEN)
    hear = None if sink is None else Reports(sink=sink).hearer(search.chosen)
    fitted = fit(seen, search.chosen, task, plan, rule.drop, hear=hear)
    repairs = () if repaired is None else repaired.cell_repairs
    held_out = part_of(snapshot, split, store, tables, *SEEN)
    return package(
        with_reasons(fitted, rule), contract, held_out, store, repairs, own_features, seen
    )


def with_reasons(fitted: Fitted, rule: SearchRule) -> Fitted:
    """Return a model that tells of each column the rule leaves out why it does."""
    preparation = fitted.preparation
    dropped = tuple((name, rule.left_out.get(name, reason)) for name, reason in preparation.dropped)
    return replace(fitted, preparation=replace(preparation, dropped=dropped))


@step
def baselines(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    contract: Contract,
    store: Store,
    tables: Tables,
    own_features: OwnFeatures | None = None,
) -> Baselines:
    """Fit what every result is shown beside: a model that ignores its input, and a linear one."""
    rule = ruled(rule, own_features)
    seen = learnt(own_features, snapshot, split, store, tables, *SEEN)
    held_out = part_of(snapshot, split, store, tables, *SEEN)
    dummy, linear = (
        package(
            fit(seen, configuration, task, plan, rule.drop),
            contract,
            held_out,
            store,
            own=own_features,
            learnt=seen,
        )
        for configuration in (DUMMY, LINEAR)
    )
    return Baselines(dummy, linear)


@step
def unseen(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    search: SearchResult,
    model: ModelPackage,
    store: Store,
    tables: Tables,
    progress: Progress,
    memory: Memory,
    own_features: OwnFeatures | None = None,
) -> Unseen:
    """Answer rows the model never saw: the sealed test part, else each row by models without it."""
    if split.method == "nested":
        return nested(
            learnt(own_features, snapshot, split, store, tables, Part.TRAIN),
            task,
            plan,
            ruled(rule, own_features).drop,
            interpretable_within=rule.interpretable_within,
            unit=split.unit,
            progress=progress,
            memory=memory,
        )
    test = part_of(snapshot, split, store, tables, Part.TEST)
    return answered(test, task, load(model, store).predict_frame, search)


@step
def evaluation(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    judgement: Judgement,
    baselines: Baselines,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> Evaluation:
    """Judge the model beside its baselines by its answers to rows none of them saw."""
    beside = {}
    if split.method != "nested":  # each of its rounds holds the baselines of its own folds
        packages = {"dummy": baselines.dummy, "linear": baselines.linear}
        beside = {name: load(found, store).predict_frame for name, found in packages.items()}
    return judge(
        rows_judged(snapshot, split, store, tables),
        task,
        unseen,
        beside,
        seed=plan.seed,
        fairness=judgement.fairness,
        unit=split.unit,
    )


@step
def leaks(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    roles: RowRoles,
    store: Store,
    tables: Tables,
    joins: Joins | None = None,
) -> LeakReport:
    """Look for what tells the answer in training and will not when the model is asked."""
    table, numbers = parted(snapshot, split, store, tables)
    return leaks_of(
        table,
        numbers,
        task,
        plan,
        key=snapshot.key,
        time=roles.time,
        by_time=split.time is not None,
        drop=rule.drop,
        seed=split.seed,
        joins=() if joins is None else joins.rules,
    )


ALL = (split, task, profile, contract, leaks, search, model, baselines, unseen, evaluation)
"""The stages of a table that is taken as it was read: it is both ``raw`` and ``snapshot``."""

REPAIR = (repaired, snapshot)
"""The stages beside others of a table that is ``raw``: its repaired version is learnt from."""

OWN_STEPS = (own_features,)
"""The stage beside others where the user has feature steps."""

REPAIRING = (*ALL, *REPAIR)
