"""Rules held against measured values: each gives one verdict, and what is unknown never passes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from mlwright.checks.grammar import render, render_limit, term_text
from mlwright.checks.records import (
    Choice,
    Comparator,
    Limit,
    Measured,
    Outcome,
    Rule,
    Term,
    Verdict,
)
from mlwright.checks.sense import limits_of, require_known
from mlwright.core.encoding import digest_of
from mlwright.core.ids import Noun, content_id
from mlwright.core.quantities import UNITS


class Values(Protocol):
    """Measured values by name: all that the checks know of any stage."""

    def value(self, term: Term, name: str) -> Measured | None:
        """Return the value of a term in the rule called ``name``; None when not measured."""

    def known(self) -> tuple[str, ...]:
        """Return every term that can be measured here, as people read it: ``null(age)``."""


_COMPARE: Mapping[Comparator, Callable[[float, float], bool]] = MappingProxyType(
    {
        Comparator.AT_LEAST: operator.ge,
        Comparator.AT_MOST: operator.le,
        Comparator.MORE: operator.gt,
        Comparator.LESS: operator.lt,
        Comparator.EQUAL: operator.eq,
        Comparator.UNEQUAL: operator.ne,
    }
)


def judge(rules: Sequence[Rule], values: Values, subject: str) -> tuple[Verdict, ...]:
    """Return one verdict a rule, in order.

    A value that is not a finite number never passes; a known value that was not measured is not
    applicable.

    Raises
    ------
    UsageError
        ``check-unknown-value`` when a rule is about a value that does not exist here.
    """
    return tuple(_judge(rule, values, subject) for rule in rules)


def _judge(rule: Rule, values: Values, subject: str) -> Verdict:
    measured = values.value(rule.term, rule.name)
    if measured is None:
        require_known(rule, values.known())
    outcome, why = _decide(rule, measured)
    text = render(rule)
    return Verdict(
        id=_verdict_id(text, subject, measured),
        rule=text,
        name=rule.name,
        subject=subject,
        outcome=outcome,
        value=_finite(measured.value) if measured else None,
        low=_finite(measured.low) if measured else None,
        high=_finite(measured.high) if measured else None,
        why=why,
    )


def _verdict_id(rule: str, subject: str, measured: Measured | None) -> str:
    numbers = (measured.value, measured.low, measured.high) if measured else ()
    bound_to = (rule, subject, [None if each is None else float(each) for each in numbers])
    return content_id(Noun.CHECK, digest_of(bound_to, tag="mlwright/verdict/1"))


def _decide(rule: Rule, measured: Measured | None) -> tuple[Outcome, str]:
    if measured is None:
        return Outcome.NOT_APPLICABLE, f"{term_text(rule.term)} was not measured"
    if isinstance(rule.bound, Choice) and not rule.bound.numbers:
        return Outcome.NOT_APPLICABLE, "texts are judged row by row, and here is one number"
    failed = Outcome.WARN if rule.warns else Outcome.FAIL
    if not math.isfinite(measured.value):
        said = "not defined" if math.isnan(measured.value) else f"{measured.value:g}"
        return failed, f"it is {said} on these rows, and only a finite number can pass"
    passed = _holds(rule, measured.value)
    return Outcome.PASS if passed else failed, _why(rule, measured)


def _holds(rule: Rule, value: float) -> bool:
    bound = rule.bound
    if isinstance(bound, Limit):
        return _COMPARE[rule.comparator](value, bound.value)
    if isinstance(bound, Choice):
        return any(value == each.value for each in bound.numbers)
    above = operator.gt if bound.low_open else operator.ge
    below = operator.lt if bound.high_open else operator.le
    return bool(above(value, bound.low.value) and below(value, bound.high.value))


def _why(rule: Rule, measured: Measured) -> str:
    limits = limits_of(rule.bound)
    unit = limits[0].unit
    text = _shown(measured.value, unit, limits)
    if measured.said is not None:
        text = f"{measured.said} is {text}"
    low, high = _finite(measured.low), _finite(measured.high)
    if low is None or high is None:
        return text
    text += f" ({_shown(low, unit, limits)} to {_shown(high, unit, limits)})"
    if low < high and any(low <= limit.value <= high for limit in limits):
        return f"{text}: the limit lies within its uncertainty"
    return text


def _shown(value: float, unit: str | None, limits: Sequence[Limit]) -> str:
    """Return a value in the rule's unit, with digits enough to show its side of each limit."""
    if any(value == limit.value for limit in limits):
        return render_limit(value, unit)
    factor = float(UNITS[unit].factor) if unit else 1.0
    others = [limit.value / factor for limit in limits]
    whole = len(f"{abs(value / factor):.0f}")
    for digits in range(whole if 4 < whole < 16 else 4, 18):
        text = f"{value / factor:.{digits}g}"
        if all(f"{other:.{digits}g}" != text for other in others):
            break
    return f"{text}{unit or ''}"


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def waive(verdict: Verdict, reason: str) -> Verdict:
    """Return a failed verdict as one that was answered for; its id binds the reason too."""
    bound_to = (verdict.id, reason)
    return replace(
        verdict,
        id=content_id(Noun.CHECK, digest_of(bound_to, tag="mlwright/waived/1")),
        outcome=Outcome.WAIVED,
        why=f"{verdict.why}; waived: {reason}",
        waiver=reason,
    )


def judge_rows(rule: Rule, broken: int, rows: int, example: str | None, subject: str) -> Verdict:
    """Return the verdict of a rule that every row has to keep.

    Its value is the share of rows that break it; ``example`` is a cell of one that does.
    """
    share = broken / rows if rows else 0.0
    failed = Outcome.WARN if rule.warns else Outcome.FAIL
    why = f"all {rows:,} rows keep it"
    if broken:
        such = f", such as {example}" if example is not None else ""
        why = f"{broken:,} of {rows:,} rows break it ({100 * share:.3g} %){such}"
    text = render(rule)
    return Verdict(
        id=_verdict_id(text, subject, Measured(share)),
        rule=text,
        name=rule.name,
        subject=subject,
        outcome=failed if broken else Outcome.PASS,
        value=share,
        low=None,
        high=None,
        why=why,
    )
