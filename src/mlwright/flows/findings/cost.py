"""What decisions cost, wherever ``[costs]`` says what mistakes do."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.cost import decision_cost
from mlwright.evaluate.records import DecisionCost
from mlwright.evaluate.unseen import Unseen
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables, rows_judged
from mlwright.govern.findings.cost import told
from mlwright.run.steps.step import step
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

COST, SAVED = "cost", "cost_saved"


@step
def cost(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> DecisionCost:
    """Count what the model's decisions cost on rows it never saw, beside those of others."""
    table = rows_judged(snapshot, split, store, tables)
    return decision_cost(table, unseen, task, unit=split.unit, seed=plan.seed)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if not scope.costs:
        return {}
    return with_ends({COST: Scale(None, 0.0), SAVED: Scale(None)})


def _values(found: DecisionCost) -> Named:
    measured = {COST: found.cost, SAVED: found.saved}
    return Named({name: Measured(i.value, i.low, i.high) for name, i in measured.items()})


FINDING = Finding(
    cost,
    _scales,
    _values,
    told,
    always=True,
    terms={
        COST: "what a row's decision costs on average, by `[costs]`; has ends",
        SAVED: "what deciding by `[costs]` saves a row against the most probable class; has ends",
    },
)
