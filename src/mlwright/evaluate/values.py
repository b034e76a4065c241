"""An evaluation as the checks see it: measured values by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlwright.checks.grammar import render
from mlwright.checks.records import Measured, Rule, Scale, Term
from mlwright.core.errors import UsageError
from mlwright.core.quantities import Quantity
from mlwright.evaluate.records import Evaluation
from mlwright.stats.fairness import CALIBRATION, FALSE_POSITIVE, SELECTION, TRUE_POSITIVE
from mlwright.stats.metrics import METRICS, REGRESSION, Metric, metrics_for
from mlwright.stats.records import Interval

FAIRNESS = "fairness."
"""A rule named ``fairness.<column>`` is about the gaps between that column's groups."""

LATENCY = "latency_p99"
"""How long a row takes, measured beside the evaluation."""

COMPARED = ("gain", "gain_over_linear", "gap")
"""What the deciding metric is held against: two simpler models, and the rows learned from."""

GAPS = (TRUE_POSITIVE, FALSE_POSITIVE, SELECTION, CALIBRATION)


def scales(task: str, metric: str, fairness: Sequence[str]) -> Mapping[str, Scale]:
    """Return what each value of a model to come can be, by the terms of :class:`EvaluationValues`.

    Parameters
    ----------
    task, metric
        The kind of task, and the metric its gain and gap are in.
    fairness
        The columns whose groups will be compared.
    """
    found = {each.name: _scale(each, each.least, each.most) for each in metrics_for(task, metric)}
    chosen = METRICS[metric]
    widest = chosen.most - chosen.least
    found |= {name: _scale(chosen, -widest, widest) for name in COMPARED}
    ends = {f"{name}.{end}": scale for name, scale in found.items() for end in ("low", "high")}
    terms = GAPS if fairness else ()
    between = (*terms, *(f"{gap}({column})" for column in fairness for gap in GAPS))
    return {
        **found,
        **ends,
        **dict.fromkeys(between, Scale(Quantity.SHARE, 0.0, 1.0)),
        LATENCY: Scale(Quantity.DURATION, 0.0),
    }


def require_task(rules: Sequence[Rule], task: str) -> None:
    """Refuse a rule about a metric of another kind of task.

    Raises
    ------
    UsageError
        ``check-task``.
    """
    fitting = [each.name for each in metrics_for(task)]
    for rule in rules:
        name = rule.term.name.removesuffix(".low").removesuffix(".high")
        if rule.term.function is not None or name not in METRICS:
            continue
        # Which quantile a model is for is told by its metric, once that is known.
        if name not in fitting and (METRICS[name].level is None or task != REGRESSION):
            of = " and ".join(METRICS[name].tasks)
            raise UsageError(
                "check-task",
                f"the check {render(rule)!r} is about {name}, a metric of {of} tasks, and this one"
                f" is {task}",
                fix=f"use one of {', '.join(fitting)}",
                facts={"check": rule.name, "value": name, "task": task, "known": fitting},
            )


def _scale(metric: Metric, least: float, most: float) -> Scale:
    return Scale(Quantity.SHARE if metric.share else None, least, most)


class EvaluationValues:
    """Implements :class:`mlwright.checks.judge.Values` for a model.

    Known are every metric (``auc``) and the ends of its interval (``auc.low``, ``auc.high``);
    ``gain`` over the dummy and ``gain_over_linear``, with their ends; ``gap``, how much worse the
    model is on test rows than on training rows; ``tpr_gap``, ``fpr_gap``, ``selection_gap`` and
    ``calibration_gap`` in a rule named ``fairness.<column>``, or as ``tpr_gap(column)``; and what
    ``extra`` holds, such as ``latency_p99``. :func:`scales` tells what each can be.
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
        self._measured |= {
            f"{name}.low": Measured(i.low, said=f"the lower end of {name}")
            for name, i in intervals.items()
        }
        self._measured |= {
            f"{name}.high": Measured(i.high, said=f"the upper end of {name}")
            for name, i in intervals.items()
        }
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
