"""How sure an answer is: conformal sets and intervals, calibrated and checked in every run."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.conformal import conformal as calibrate
from mlwright.evaluate.records import Conformal
from mlwright.evaluate.unseen import Unseen
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables, rows_judged
from mlwright.govern.findings.conformal import told
from mlwright.run.steps.step import step
from mlwright.stats.metrics import BINARY, MULTICLASS, REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

COVERAGE, SIZE, WIDTH = "coverage", "set_size", "interval_width"


@step
def conformal(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> Conformal:
    """Calibrate sets or intervals on half of the rows the model never saw, check on the others."""
    return calibrate(
        rows_judged(snapshot, split, store, tables),
        unseen,
        task,
        unit=split.unit,
        in_time=split.time is not None,
        seed=plan.seed,
    )


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in (BINARY, MULTICLASS, REGRESSION):
        return {}
    size = WIDTH if scope.task == REGRESSION else SIZE
    return with_ends({COVERAGE: Scale(Quantity.SHARE, 0.0, 1.0), size: Scale(None, 0.0)})


def _values(found: Conformal) -> Named:
    size = SIZE if found.classes else WIDTH
    if not found.bands:
        return Named({COVERAGE: None, size: None})
    measured = {COVERAGE: found.coverage, size: found.size}
    return Named({name: Measured(i.value, i.low, i.high) for name, i in measured.items()})


FINDING = Finding(
    conformal,
    _scales,
    _values,
    told,
    always=True,
    terms={
        COVERAGE: "how often the truth is inside the sets or intervals that are to hold 90 % of"
        " truths, on rows that did not calibrate them; has ends",
        SIZE: "how many classes such a set holds on average; has ends",
        WIDTH: "how wide such an interval is on average; has ends",
    },
)
