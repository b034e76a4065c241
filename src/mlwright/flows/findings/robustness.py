"""What becomes of the model's decisions when rows are not as it knows them."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.by_term import ByTerm
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.records import WAYS, Change, Robustness
from mlwright.evaluate.robustness.shake import shake
from mlwright.flows.findings.asking import ASKED, subject_asked
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables
from mlwright.govern.findings.robustness import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import METRICS, REGRESSION
from mlwright.stats.records import Interval
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

FLIP, MOVE, DROP, UNNOTICED = "flip", "move", "drop", "unnoticed"
USUAL = "noise"
"""The change that a term without one is about."""


@step
def robustness(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Robustness:
    """Change rows in every way of the catalogue and ask the model again."""
    return shake(subject_asked(snapshot, split, task, plan, model, store, tables))


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in ASKED:
        return {}
    metric = METRICS[scope.metric]
    widest = metric.most - metric.least
    share = Scale(Quantity.SHARE, 0.0, 1.0)
    of_values = scope.task == REGRESSION
    terms = {
        MOVE: Scale(None, 0.0) if of_values else share,
        DROP: Scale(Quantity.SHARE if metric.share else None, -widest, widest),
        **({} if of_values else {FLIP: share, UNNOTICED: share}),
    }
    return {
        **terms,
        **{f"{term}({way})": scale for term, scale in terms.items() for way in WAYS},
    }


def _values(found: Robustness) -> ByTerm:
    measured: dict[str, Measured | None] = {}
    for way in WAYS:
        for term, value in _of(found.changes.get(way)).items():
            measured[f"{term}({way})"] = value
            if way == USUAL:
                measured[term] = value
    return ByTerm(measured, "robustness")


def _of(change: Change | None) -> dict[str, Measured | None]:
    if change is None:
        return dict.fromkeys((FLIP, MOVE, DROP, UNNOTICED))
    return {
        FLIP: _measured(change.flip),
        MOVE: _measured(change.move),
        DROP: _measured(change.drop),
        UNNOTICED: _measured(change.unnoticed),
    }


def _measured(found: Interval | None) -> Measured | None:
    return None if found is None else Measured(found.value, found.low, found.high)


FINDING = Finding(
    robustness,
    _scales,
    _values,
    told,
    terms={
        FLIP: "the share of rows whose decision changes when every number is one of the values"
        " around it; `flip(WAY)`, or `flip` in a rule named `robustness.WAY`, when rows change in"
        " another way: `missing`, `swap` (another category), `unit` (a hundred times as large or"
        " small), `range` (far outside); has an interval",
        MOVE: "how far the answer moves then, on average: in probability, or in spreads of the"
        " target; has an interval",
        DROP: "how much worse the metric of the search gets then; has an interval",
        UNNOTICED: "the share of rows whose decision flips then with nothing that the contract"
        " would flag; has an interval",
    },
    always=False,
)
