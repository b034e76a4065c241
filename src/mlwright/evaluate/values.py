"""An evaluation as the checks see it: measured values by name."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.records import Measured, Term
from mlwright.evaluate.records import Evaluation
from mlwright.stats.fairness import FALSE_POSITIVE, SELECTION, TRUE_POSITIVE
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval

FAIRNESS = "fairness."
"""A rule named ``fairness.<column>`` is about the gaps between that column's groups."""

GAPS = (TRUE_POSITIVE, FALSE_POSITIVE, SELECTION)


class EvaluationValues:
    """Implements :class:`mlwright.checks.judge.Values` for a model.

    Known are every metric (``auc``) and the ends of its interval (``auc.low``, ``auc.high``);
    ``gain`` over the dummy and ``gain_over_linear``, with their ends; ``gap``, how much worse the
    model is on test rows than on training rows; ``tpr_gap``, ``fpr_gap`` and ``selection_gap`` in
    a rule named ``fairness.<column>``, or as ``tpr_gap(column)``; and what ``extra`` holds, such
    as ``latency_p99``.
    """

    def __init__(self, evaluation: Evaluation, extra: Mapping[str, float]) -> None:
        self._fairness = evaluation.fairness
        intervals = {
            **evaluation.metrics,
            "gain": evaluation.gain,
            "gain_over_linear": evaluation.gain_over_linear,
            "gap": _gap(evaluation),
        }
        self._measured = {name: _measured(found) for name, found in intervals.items()}
        self._measured |= {f"{name}.low": Measured(i.low) for name, i in intervals.items()}
        self._measured |= {f"{name}.high": Measured(i.high) for name, i in intervals.items()}
        self._measured |= {name: Measured(value) for name, value in extra.items()}

    def value(self, term: Term, name: str) -> Measured | None:
        """Return a term's value in the rule called ``name``; None when it was not measured."""
        if term.function in GAPS:
            return self._gap_between(term.function, term.name)
        if term.function is not None:
            return None
        if term.name in GAPS and name.startswith(FAIRNESS):
            return self._gap_between(term.name, name.removeprefix(FAIRNESS))
        return self._measured.get(term.name)

    def _gap_between(self, gap: str, column: str) -> Measured | None:
        found = self._fairness.get(column, {}).get(gap)
        return None if found is None else _measured(found)

    def known(self) -> tuple[str, ...]:
        """Return every term that can be measured here."""
        # A gap by its bare name is known, though not measured, where a column was asked for that
        # this task has no rates of: its rule is then not applicable.
        asked = GAPS if self._fairness else ()
        between = tuple(f"{gap}({column})" for column in self._fairness for gap in GAPS)
        return (*self._measured, *asked, *between)


def _measured(found: Interval) -> Measured:
    return Measured(found.value, found.low, found.high)


def _gap(evaluation: Evaluation) -> Interval:
    """Return the gap between training and test, as uncertain as the test score is."""
    test, gap = evaluation.metrics[evaluation.metric], evaluation.fit.gap
    below, above = test.value - test.low, test.high - test.value
    if METRICS[evaluation.metric].greater_is_better:
        return Interval(gap, gap - above, gap + below)
    return Interval(gap, gap - below, gap + above)
