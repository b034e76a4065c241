"""How good a copy of the model can be made by asking it."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.extraction import extraction as copy
from mlwright.evaluate.robustness.records import Extraction
from mlwright.flows.findings.asking import ASKED, subject_asked
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables
from mlwright.govern.findings.extraction import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import REGRESSION
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task

FIDELITY = "extraction"


@step
def extraction(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Extraction:
    """Make copies from answers alone, and compare them on rows they did not ask about."""
    return copy(subject_asked(snapshot, split, task, plan, model, store, tables), plan)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in ASKED:
        return {}
    least = float("-inf") if scope.task == REGRESSION else 0.0
    return with_ends({FIDELITY: Scale(Quantity.SHARE, least, 1.0)})


def _values(found: Extraction) -> Named:
    if not found.told:
        return Named({FIDELITY: None})
    _, alike = found.told[-1]
    return Named({FIDELITY: Measured(alike.value, alike.low, alike.high)})


FINDING = Finding(
    extraction,
    _scales,
    _values,
    told,
    terms={
        FIDELITY: "the share of rows that a copy made of 4,000 answers decides as the model does,"
        " or the share of its answers' variance the copy explains; has ends",
    },
    always=False,
)
