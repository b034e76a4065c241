"""Whether a model without a target keeps its answers, and which columns it goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlwright.checks.by_term import ByTerm
from mlwright.checks.records import Measured, Scale
from mlwright.core.quantities import Quantity
from mlwright.data.records import Snapshot, Split
from mlwright.evaluate.robustness.changes.catalogue import WAYS
from mlwright.evaluate.robustness.subject import Subject, subject_of
from mlwright.evaluate.truth import Judged
from mlwright.evaluate.unsupervised.steadiness import Steadiness
from mlwright.evaluate.unsupervised.steadiness import steadiness as find
from mlwright.flows.findings.explanation import RELIANCE
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.findings.robustness import FLIP, USUAL
from mlwright.flows.tables import Tables, rows_judged
from mlwright.govern.findings.steadiness import told
from mlwright.run.steps.step import step
from mlwright.scoring.additive import amounts
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.store.protocol import Store
from mlwright.train.records import Plan, Task
from mlwright.train.settings import WITHOUT_TARGET


@step
def steadiness(
    snapshot: Snapshot,
    split: Split,
    task: Task,
    plan: Plan,
    model: ModelPackage,
    store: Store,
    tables: Tables,
) -> Steadiness:
    """Change rows in every way of the catalogue, ask again, and add up what each column adds."""
    scorer = load(model, store)
    table = rows_judged(snapshot, split, store, tables)
    places = np.arange(len(table.row_ids), dtype=np.intp)
    subject = subject_of(
        scorer.predict_frame,
        None,
        model.signature.inputs,
        model.contract,
        Judged(table, np.zeros(len(places)), {}, places),
        task,
        unit=split.unit,
        seed=plan.seed,
    )

    def added(some: Subject) -> Sequence[Mapping[str, Sequence[float]]]:
        features = scorer.prepare_columns(some.rows.to_dict(as_series=False), some.rows.height)
        return amounts(model, scorer.native, features.tolist())

    return find(subject, added)


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in WITHOUT_TARGET:
        return {}
    share = Scale(Quantity.SHARE, 0.0, 1.0)
    flips = (FLIP, *(f"{FLIP}({way})" for way in WAYS))
    return dict.fromkeys((*flips, *(f"{RELIANCE}({name})" for name in scope.columns)), share)


def _values(found: Steadiness) -> ByTerm:
    measured: dict[str, Measured | None] = dict.fromkeys(
        (FLIP, *(f"{FLIP}({way})" for way in WAYS))
    )
    for each in found.changes:
        value = Measured(each.flip.value, each.flip.low, each.flip.high)
        measured[f"{FLIP}({each.way})"] = value
        if each.way == USUAL:
            measured[FLIP] = value
    measured |= {f"{RELIANCE}({name})": Measured(share) for name, share in found.columns}
    return ByTerm(measured, "robustness")


FINDING = Finding(steadiness, _scales, _values, told, always=False)
