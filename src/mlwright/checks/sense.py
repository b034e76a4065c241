"""Whether rules make sense before anything is measured: their values, their units, their limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlwright.checks.grammar import render, render_limit, term_text
from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Scale
from mlwright.core.errors import UsageError, nearest
from mlwright.core.quantities import EXAMPLES, UNITS, Quantity, written


def require_sense(rules: Sequence[Rule], scales: Mapping[str, Scale]) -> None:
    """Refuse a rule that no measurement could make sense of.

    Parameters
    ----------
    scales
        Every value that will be measured, as people read it (``null(age)``).

    Raises
    ------
    UsageError
        ``check-unknown-value``; ``check-unit`` for a limit in a unit the value does not have;
        ``check-range`` for a limit the value can never reach, so that the rule says nothing.
    """
    for rule in rules:
        require_known(rule, tuple(scales))
        scale = scales[term_text(rule.term)]
        for limit in limits_of(rule.bound):
            _check_unit(rule, limit, scale)
        _check_range(rule, scale)


def require_known(rule: Rule, known: Sequence[str]) -> None:
    """Refuse a rule about a value that is not among the known ones, naming the nearest."""
    term = term_text(rule.term)
    if term in known:
        return
    near = nearest(term, known)
    raise UsageError(
        "check-unknown-value",
        f"the check {render(rule)!r} is about {term}, which is not measured here",
        fix=f"did you mean {near}?" if near else "judge one of the values named below",
        facts={"check": rule.name, "value": term, "nearest": near},
        looked=known,
    )


def limits_of(bound: Limit | Range | Choice) -> tuple[Limit, ...]:
    """Return every number a rule holds its value against."""
    if isinstance(bound, Limit):
        return (bound,)
    return (bound.low, bound.high) if isinstance(bound, Range) else bound.numbers


def _check_unit(rule: Rule, limit: Limit, scale: Scale) -> None:
    quantity = UNITS[limit.unit].quantity if limit.unit else None
    # A share may be written plainly (0.05) or in percent; every other quantity names its unit.
    if quantity is scale.quantity or (quantity is None and scale.quantity is Quantity.SHARE):
        return
    term = term_text(rule.term)
    if scale.quantity is None:
        problem = f"{term} is a plain number, which has no unit"
        fix = "leave the unit out"
    elif quantity is None:
        number = written(limit.value, None)
        problem = f"{term} is a {scale.quantity.value}, and {number} names no unit"
        fix = f"write the unit: {number}ms, or {EXAMPLES[scale.quantity]}"
    else:
        problem = f"{term} is a {scale.quantity.value}, and {limit.unit} measures something else"
        fix = f"write it as {EXAMPLES[scale.quantity]}"
    raise UsageError(
        "check-unit",
        f"the check {render(rule)!r}: {problem}",
        fix=fix,
        facts={"check": rule.name, "value": term, "unit": limit.unit},
    )


def _check_range(rule: Rule, scale: Scale) -> None:
    if isinstance(rule.bound, Choice) and not rule.bound.numbers:
        return
    says = _foregone(rule, scale)
    if says is None:
        return
    term = term_text(rule.term)
    unit = limits_of(rule.bound)[0].unit
    raise UsageError(
        "check-range",
        f"the check {render(rule)!r} is {says} true: {term} {_span(scale, unit)}",
        fix=f"give a limit that {term} can lie on both sides of",
        facts={"check": rule.name, "value": term, "least": scale.least, "most": scale.most},
    )


def _foregone(rule: Rule, scale: Scale) -> str | None:
    """Return ``never`` or ``always`` where a limit outside the range has decided; else None.

    A limit on an end of the range is let be: ``auc >= 0`` fails where the auc is not defined.
    """
    bound, least, most = rule.bound, scale.least, scale.most
    if isinstance(bound, Choice):
        outside = all(not least <= each.value <= most for each in bound.numbers)
        return "never" if outside else None
    if isinstance(bound, Range):
        if bound.high.value < least or bound.low.value > most:
            return "never"
        return "always" if bound.low.value < least and bound.high.value > most else None
    if least <= bound.value <= most:
        return None
    above = bound.value > most
    match rule.comparator:
        case Comparator.AT_LEAST | Comparator.MORE:
            return "never" if above else "always"
        case Comparator.AT_MOST | Comparator.LESS:
            return "always" if above else "never"
        case Comparator.EQUAL:
            return "never"
        case _:
            return "always"


def _span(scale: Scale, unit: str | None) -> str:
    ends = [None if abs(end) == float("inf") else end for end in (scale.least, scale.most)]
    low, high = (None if end is None else _signed(end, unit) for end in ends)
    if low is not None and high is not None:
        return f"lies between {low} and {high}"
    return f"is never less than {low}" if low is not None else f"is never more than {high}"


def _signed(value: float, unit: str | None) -> str:
    return f"-{render_limit(-value, unit)}" if value < 0 else render_limit(value, unit)
