"""The worst slices, found in every run."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.records import Slices
from mlwright.evaluate.slices import worst_slices
from mlwright.evaluate.unseen import Unseen
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables, rows_judged
from mlwright.govern.findings.slices import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import BINARY, METRICS, MULTICLASS, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.records import Task

WORST = "worst_slice"
WORSE = "worse_slices"


@step
def slices(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    model: ModelPackage,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> Slices:
    """Find where the model loses more than elsewhere, on rows it never saw."""
    names = [column.name for column in model.signature.inputs]
    table = rows_judged(snapshot, split, store, tables)
    return worst_slices(table, unseen, task, names, unit=split.unit)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, MULTICLASS, REGRESSION):
        return {}
    loss = METRICS["mae" if scope.task == REGRESSION else "brier"]
    return {
        **with_ends({WORST: Scale(None, -loss.most, loss.most)}),
        WORSE: Scale(None, 0.0),
    }


def _values(found: Slices) -> Named:
    worst = Measured(0.0, 0.0, 0.0) if found.tested else None
    if found.slices:
        excess = found.slices[0].excess
        worst = Measured(excess.value, excess.low, excess.high)
    return Named({WORST: worst, WORSE: Measured(float(found.believed)) if found.tested else None})


FINDING = Finding(
    slices,
    _scales,
    _values,
    told,
    terms={
        WORST: "how much more is lost in the worst slice than elsewhere: of the Brier score,"
        " or of the mean absolute error; has ends",
        WORSE: "how many slices lose more than the other rows beyond chance",
    },
    always=True,
)
