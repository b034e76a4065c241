"""How the model treats the groups of protected columns and of their crossings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlwright.checks.named import Named
from mlwright.checks.records import Measured, Scale
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.fairness.compare import (
    FALSE_DISCOVERIES,
    Decided,
    compare,
    crossings,
    resamples_for,
)
from mlwright.evaluate.fairness.records import Fairness
from mlwright.evaluate.truth import columns_named, groups_named, units_of
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.records import Judgement
from mlwright.flows.tables import Tables, rows_judged
from mlwright.govern.findings.fairness import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.stats.fairness import SMALLEST_GROUP
from mlwright.stats.metrics import BINARY
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

REAL = "real_gaps"


@step
def fairness(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    judgement: Judgement,
    model: ModelPackage,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> Fairness:
    """Compare the groups of each protected column, and of two or three of them crossed."""
    judged = judged_rows(rows_judged(snapshot, split, store, tables), unseen)
    frame = judged.table.frame
    decided = load(model, store).decide(unseen.answers)
    columns = dict.fromkeys(
        column for name in judgement.fairness for column in columns_named(name, frame.columns)
    )
    # A crossing that a rule writes in an order of its own is there once, as it was written.
    named = {frozenset(columns_named(name, frame.columns)): name for name in judgement.fairness}
    names = [
        named.get(frozenset(columns_named(name, frame.columns)), name)
        for name in crossings(tuple(columns))
    ]
    rows = Decided(
        judged.y,
        np.array([each == task.classes[1] for each in decided], dtype=np.float64),
        unseen.answers[:, 1],
        units_of(judged.table, split.unit),
    )
    groups = {
        name: (columns_named(name, frame.columns), groups_named(frame, name)) for name in names
    }
    found = compare(rows, groups, seed=plan.seed)
    return Fairness(
        method=unseen.method,
        rows=len(judged.y),
        positive=str(task.classes[1]),
        smallest=SMALLEST_GROUP,
        compared=found,
        tested=sum(len(each.gaps) for each in found),
        rate=FALSE_DISCOVERIES,
        seed=plan.seed,
        resamples=resamples_for(len(judged.y)),
    )


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task != BINARY or not scope.fairness:
        return {}
    return {REAL: Scale(None, 0.0)}


def _values(found: Fairness) -> Named:
    return Named({REAL: Measured(float(len(found.real)))})


FINDING = Finding(
    fairness,
    _scales,
    _values,
    told,
    terms={
        REAL: "how many gaps between groups of the protected columns, and of two or three of them"
        " crossed, stand beyond chance",
    },
    always=True,
)
