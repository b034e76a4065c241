"""Whether labels treat groups differently whose rows are otherwise alike."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.by_term import ByTerm
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.fairness.labels import label_gaps as find
from mlwright.evaluate.fairness.records import LABEL_GAP as GAP
from mlwright.evaluate.fairness.records import LabelGaps
from mlwright.evaluate.truth import columns_named, groups_named
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.records import Judgement, SearchRule
from mlwright.flows.stages import SEEN
from mlwright.flows.tables import Tables, part_of
from mlwright.govern.findings.label_gaps import told
from mlwright.run.steps.step import step
from mlwright.stats.metrics import BINARY
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task


@step
def label_gaps(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    rule: SearchRule,
    judgement: Judgement,
    store: Store,
    tables: Tables,
) -> LabelGaps:
    """Hold what is left of labels against what is left of groups, once all else has spoken."""
    parts = SEEN if split.method != "nested" else SEEN[:1]
    table = part_of(snapshot, split, store, tables, *parts)
    names = [column.name for column in snapshot.columns]
    columns = dict.fromkeys(
        column for name in judgement.fairness for column in columns_named(name, names)
    )
    groups = {column: groups_named(table.frame, column) for column in columns}
    return find(table, task, plan, groups, rule.drop, unit=split.unit)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task != BINARY or not scope.fairness:
        return {}
    share = Scale(Quantity.SHARE, 0.0, 1.0)
    columns = dict.fromkeys(
        column for name in scope.fairness for column in columns_named(name, scope.columns)
    )
    return {GAP: share, **{f"{GAP}({column})": share for column in columns}}


def _values(found: LabelGaps) -> ByTerm:
    measured: dict[str, Measured | None] = dict.fromkeys(
        (GAP, *(f"{GAP}({column})" for column in found.protected))
    )
    # The widest last, so that it is what stands for its column and for all.
    for each in sorted(found.gaps, key=lambda gap: abs(gap.size.value)):
        size = each.size
        ends = sorted((abs(size.low), abs(size.high)))
        low = 0.0 if size.low <= 0 <= size.high else ends[0]
        widest = f"the widest gap in labels, of {each.column} = {each.group},"
        value = Measured(abs(size.value), low, ends[1], said=widest)
        measured[GAP] = measured[f"{GAP}({each.column})"] = value
    return ByTerm(measured, "fairness")


FINDING = Finding(
    label_gaps,
    _scales,
    _values,
    told,
    terms={
        GAP: "how differently a group of a protected column is labelled from rows whose other"
        " columns are alike, the widest; of one column in a rule named `fairness.COLUMN`, or as"
        " `label_gap(COLUMN)`; has an interval",
    },
    always=False,
)
