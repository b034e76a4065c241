"""Whether the model gives away which rows it learnt from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlwright.checks.named import Named, with_ends
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.data.table import Table
from mlwright.evaluate.robustness.membership import MOST_ROWS, losses
from mlwright.evaluate.robustness.membership import membership as compare
from mlwright.evaluate.robustness.records import Membership
from mlwright.evaluate.truth import judgeable
from mlwright.flows.findings.asking import ASKED
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.stages import SEEN
from mlwright.flows.tables import Tables, part_of, rows_judged
from mlwright.govern.findings.membership import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.stats.counts import FloatArray
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task
from mlwright.train.target import rows_of

GAP = "membership_gap"


@step
def membership(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Membership:
    """Compare the losses of rows the model learnt from with those of rows it did not."""
    if split.method == "nested":
        return compare(np.zeros(0), np.zeros(0), seed=plan.seed)
    ask = load(model, store).predict_frame

    def lost(table: Table) -> FloatArray:
        rows = judgeable(table, task)
        kept = min(len(rows.y), MOST_ROWS)
        some = np.arange(kept, dtype=np.intp) * len(rows.y) // max(kept, 1)
        answers = ask(rows_of(rows.table, some).frame)
        return losses(rows.y[some], answers, values=not task.classes)

    members = lost(part_of(snapshot, split, store, tables, *SEEN))
    return compare(members, lost(rows_judged(snapshot, split, store, tables)), seed=plan.seed)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in ASKED:
        return {}
    return with_ends({GAP: Scale(Quantity.SHARE, -1.0, 1.0)})


def _values(found: Membership) -> Named:
    gap = found.gap
    return Named({GAP: Measured(gap.value, gap.low, gap.high) if found.others else None})


FINDING = Finding(
    membership,
    _scales,
    _values,
    told,
    terms={
        GAP: "how much more often training rows than others are told to be such by their loss: 0"
        " gives nothing away; has ends",
    },
    always=False,
)
