"""How far rows are from another decision."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.boundary import boundary as search
from mlwright.evaluate.robustness.records import Boundary
from mlwright.flows.findings.asking import subject_asked
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables
from mlwright.govern.findings.boundary import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import BINARY, MULTICLASS
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

DISTANCE, NEAR, QUERIES = "boundary", "boundary_near", "boundary_queries"


@step
def boundary(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Boundary:
    """Search for the smallest change of each row that changes its decision, by asking alone."""
    return search(subject_asked(snapshot, split, task, plan, model, store, tables))


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, MULTICLASS):
        return {}
    shares = {NEAR: Scale(Quantity.SHARE, 0.0, 1.0)}
    return with_ends({DISTANCE: Scale(None, 0.0), QUERIES: Scale(None, 0.0), **shares})


def _values(found: Boundary) -> Named:
    terms = {DISTANCE: found.distance, NEAR: found.near, QUERIES: found.queries}
    if not found.rows:
        return Named(dict.fromkeys(terms))
    return Named({name: Measured(v.value, v.low, v.high) for name, v in terms.items()})


FINDING = Finding(
    boundary,
    _scales,
    _values,
    told,
    terms={
        DISTANCE: "half of the decisions change when the row moves by this or less: a number"
        " counts in spreads of its column, another category counts 1; has ends",
        NEAR: "the share of rows whose decision changes within 0.5 of that; has ends",
        QUERIES: "how many answers the search for that takes a row; has ends",
    },
    always=False,
)
