"""What the model goes by, told in every run whose budget leaves room for it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mlwright.checks.records import Measured, Scale, Term
from mlwright.core.quantities import Quantity
from mlwright.data.records import Part, Snapshot, Split
from mlwright.evaluate.explanation.explain import SHARE, THOROUGH, explain
from mlwright.evaluate.explanation.records import Explanation
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.flows.findings.asking import ASKED
from mlwright.flows.findings.records import Finding, Scope
from mlwright.flows.tables import Tables, part_of, rows_judged
from mlwright.govern.findings.explanation import told
from mlwright.run.steps.step import step
from mlwright.scoring.records import ModelPackage
from mlwright.stats.metrics import METRICS
from mlwright.store.protocol import Store
from mlwright.train.records import Plan

IMPORTANCE = "importance"
RELIANCE = "reliance"

_SEALED = "rows it never saw"
_LEARNED = "rows it learned from, as none are sealed: what is lost says what it relies on"


@step
def explanation(
    snapshot: Snapshot,
    split: Split,
    plan: Plan,
    model: ModelPackage,
    unseen: Unseen,
    store: Store,
    tables: Tables,
) -> Explanation:
    """Tell which columns the model relies on and what it answers along them.

    The work is a share of the plan's budget, so that nothing here reads a clock.
    """
    judged = judged_rows(rows_judged(snapshot, split, store, tables), unseen)
    seen = part_of(snapshot, split, store, tables, Part.TRAIN, Part.VALIDATION)
    return explain(
        model,
        store,
        judged,
        seen,
        method=_LEARNED if split.method == "nested" else _SEALED,
        seconds=min(SHARE * plan.budget_seconds, THOROUGH),
        unit=split.unit,
        seed=plan.seed,
    )


def _scales(scope: Scope) -> Mapping[str, Scale]:
    if scope.task not in ASKED:
        return {}
    metric = METRICS[scope.metric]
    widest = metric.most - metric.least
    lost = Scale(Quantity.SHARE if metric.share else None, -widest, widest)
    added = Scale(Quantity.SHARE, 0.0, 1.0)
    return {
        **{f"{IMPORTANCE}({column})": lost for column in scope.columns},
        **{f"{RELIANCE}({column})": added for column in scope.columns},
    }


class _Values:
    """Implements :class:`mlwright.checks.judge.Values`: of each column what it is worth."""

    def __init__(self, found: Explanation) -> None:
        self._of = {each.column: each for each in found.importances}

    def value(self, term: Term, name: str) -> Measured | None:  # noqa: ARG002 - the protocol's
        """Return what a column is worth; None where it was not looked at."""
        found = self._of.get(term.name)
        if found is None or term.function not in (IMPORTANCE, RELIANCE):
            return None
        if term.function == RELIANCE:
            return Measured(found.share)
        loss = found.loss
        return Measured(loss.value, loss.low, loss.high) if math.isfinite(loss.value) else None

    def known(self) -> tuple[str, ...]:
        """Return every term that can be measured here."""
        return tuple(f"{term}({column})" for term in (IMPORTANCE, RELIANCE) for column in self._of)


FINDING = Finding(explanation, _scales, _Values, told, always=True)
