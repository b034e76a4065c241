"""Whether the answer keeps one direction as a column rises."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.by_term import ByTerm
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.directions import directions as find
from mlwright.evaluate.robustness.records import Directions
from mlwright.flows.findings.asking import subject_asked
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables
from mlwright.govern.findings.directions import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import BINARY, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

TERMS = ("rising", "falling", "monotone")


@step
def directions(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Directions:
    """Ask the model about rows in which one number rises and all else stays."""
    subject = subject_asked(snapshot, split, task, plan, model, store, tables)
    return find(subject, [column.name for column in snapshot.columns])


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, REGRESSION):
        return {}
    share = Scale(Quantity.SHARE, 0.0, 1.0)
    return {f"{term}({column})": share for column in scope.columns for term in TERMS}


def _values(found: Directions) -> ByTerm:
    measured: dict[str, Measured | None] = dict.fromkeys(
        f"{term}({column})" for column in found.without for term in TERMS
    )
    for each in found.columns:
        for term, value in zip(TERMS, (each.rising, each.falling, each.monotone), strict=True):
            measured[f"{term}({each.column})"] = Measured(value.value, value.low, value.high)
    return ByTerm(measured, "directions")


FINDING = Finding(
    directions,
    _scales,
    _values,
    told,
    terms={
        "rising(COLUMN)": "the share of steps upwards in a column of numbers in which the answer"
        " does not fall; `falling(COLUMN)`, does not rise; `monotone(COLUMN)`, does not go against"
        " the direction it takes on the whole; have intervals",
    },
    always=False,
)
