"""A contract's lines as a person writes them: a rule of the grammar, and what a breach leads to."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mlwright.checks.grammar import parse, render, render_term, term_of, term_text
from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Scale, Term
from mlwright.checks.sense import require_sense
from mlwright.core.errors import UsageError
from mlwright.core.quantities import Quantity
from mlwright.data.records import Breach, Contract, FeatureContract, Kind, Scalar

ACTIONS = ("flag", "clip", "refuse")
"""What can become of a cell that breaks its line; without a word ``[serve]`` decides."""

ANY = "any"
"""The line of a column that promises nothing of its values."""

_NULL = "null"
_CLIP = ACTIONS[1]
_ACTION = re.compile(rf"\s*({'|'.join(ACTIONS)})\s*:(.*)", re.DOTALL)
_NUMBERS = (Kind.INTEGER, Kind.FLOAT)
_LARGEST = 2**63  # whole numbers from here on stand in no table


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a contract: what it is about, the rule (None: any value), what a breach does."""

    term: Term
    rule: Rule | None
    action: str | None

    @property
    def key(self) -> str:
        """What the line is about, as it stands to the left: ``age`` or ``null(age)``."""
        return term_text(self.term)

    @property
    def of_nulls(self) -> bool:
        """Whether the line is about the empty cells of a column."""
        return self.term.function == _NULL

    @property
    def text(self) -> str:
        """The line as a contract keeps it: ``clip: age in [17, 90]``."""
        if self.rule is None:
            return f"{self.key}: {ANY}"
        return (f"{self.action}: " if self.action else "") + render(self.rule)

    @property
    def told(self) -> str:
        """What stands to the right of the key: ``clip: in [17, 90]``."""
        if self.rule is None:
            return ANY
        warn = "warn: " if self.rule.warns else ""
        return (f"{self.action}: " if self.action else "") + warn + self.bound

    @property
    def bound(self) -> str:
        """What the values keep to: ``in [17, 90]``."""
        if self.rule is None:
            return ANY
        return render(replace(self.rule, warns=False))[len(render_term(self.term)) + 1 :]


def read_line(key: str, text: str) -> Line:
    """Return the line a key and its text mean.

    Raises
    ------
    UsageError
        ``check-syntax``; ``contract-line`` for a rule that one cell cannot be held against.

    >>> read_line("age", "clip: in [17, 90]").action
    'clip'
    """
    action, rest = _split(text)
    term = term_of(key)
    if rest.strip() == ANY and term.function is None:
        if action is not None:
            raise _wrong(key, text, "a column of any values has no breach to act on")
        return Line(term, None, None)
    rule = parse(rest, name=key)
    if rule.term != term:
        raise _wrong(key, text, f"it is about {term_text(rule.term)}")
    line = Line(term, rule, action)
    _check(line, key, text)
    return line


def lines_of(contract: Contract) -> dict[Term, Line]:
    """Return the lines behind a contract's rules, by what they are about."""
    found = {}
    for text in contract.rules:
        action, rest = _split(text)
        rule = parse(rest)
        found[rule.term] = Line(rule.term, rule, action)
    return found


def within(contract: Contract, names: Collection[str], stated: Collection[str]) -> Contract:
    """Return a contract for some columns alone, and for what a person stated of the others."""
    kept = tuple(
        line.text
        for line in lines_of(contract).values()
        if line.term.name in names or line.key in stated
    )
    return Contract(tuple(f for f in contract.features if f.name in names), kept)


def rules_of(contract: Contract) -> tuple[Rule, ...]:
    """Return the rules of a contract for whole tables, without what a single breach leads to."""
    return tuple(parse(_split(text)[1]) for text in contract.rules)


def actions_of(contract: Contract) -> Mapping[tuple[str, Breach], str]:
    """Return what the contract itself says becomes of a column's breach of a sort."""
    found: dict[tuple[str, Breach], str] = {}
    for text in contract.rules:
        action, rest = _split(text)
        if action is None:
            continue
        term = parse(rest).term
        sorts = [Breach.NULL] if term.function == _NULL else [Breach.UNSEEN, Breach.OUT_OF_RANGE]
        found |= {(term.name, breach): action for breach in sorts}
    return MappingProxyType(found)


def promised(feature: FeatureContract, line: Line) -> FeatureContract:
    """Return what a column promises once a line about it is written.

    Raises
    ------
    UsageError
        ``check-kind`` for numbers held against a column of another kind.
    """
    rule = line.rule
    if line.of_nulls:
        share = rule.bound.value if rule is not None and isinstance(rule.bound, Limit) else 0.0
        return replace(feature, nullable=line.action is None and share > 0)
    free = replace(feature, low=None, high=None, categories=None)
    if rule is None:
        return free
    if isinstance(rule.bound, Choice):
        return replace(free, categories=_members(feature, line, rule.bound))
    if rule.comparator is Comparator.EQUAL and isinstance(rule.bound, Limit):
        return replace(free, categories=_members(feature, line, Choice((rule.bound,), ())))
    if feature.kind not in _NUMBERS:
        raise _other_kind(feature, line)
    low, high = _ends(rule, whole=feature.kind is Kind.INTEGER)
    return replace(free, low=low, high=high)


def require_lines(lines: Iterable[Line]) -> None:
    """Refuse limits on shares of empty cells that make no sense.

    Raises
    ------
    UsageError
        ``check-unit`` and ``check-range``.
    """
    nulls = [line.rule for line in lines if line.of_nulls and line.rule is not None]
    require_sense(nulls, {term_text(rule.term): Scale(Quantity.SHARE, 0.0, 1.0) for rule in nulls})


def _split(text: str) -> tuple[str | None, str]:
    found = _ACTION.fullmatch(text)
    return (None, text) if found is None else (found[1], found[2])


def _check(line: Line, key: str, text: str) -> None:
    rule = line.rule
    if rule is None:
        return
    if line.term.function not in (None, _NULL):
        raise _wrong(key, text, f"a contract knows no {line.term.function}(…)")
    if rule.comparator is Comparator.UNEQUAL:
        raise _wrong(key, text, "it says what a value is not, and not what it is")
    if line.of_nulls:
        if not isinstance(rule.bound, Limit) or rule.comparator not in (
            Comparator.AT_MOST,
            Comparator.LESS,
            Comparator.EQUAL,
        ):
            raise _wrong(key, text, "a share of empty cells has a most")
        if line.action == _CLIP:
            raise _wrong(key, text, "an empty cell cannot be clipped")
    elif line.action == _CLIP and isinstance(rule.bound, Choice):
        raise _wrong(key, text, "only a number with a range can be clipped")


def _members(feature: FeatureContract, line: Line, bound: Choice) -> tuple[Scalar, ...]:
    numbers = feature.kind in _NUMBERS
    if (bound.texts and numbers) or (bound.numbers and not numbers):
        raise _other_kind(feature, line)
    if not numbers:
        if feature.kind is not Kind.STRING:
            raise _other_kind(feature, line)
        return bound.texts
    values = [limit.value for limit in bound.numbers]
    if feature.kind is Kind.FLOAT:
        return tuple(values)
    return tuple(int(value) for value in values if value.is_integer())


def _ends(rule: Rule, *, whole: bool) -> tuple[Scalar, Scalar]:
    """Return the least and the greatest value a rule lets be; an end it leaves open is endless."""
    bound = rule.bound
    low, high, low_open, high_open = -math.inf, math.inf, False, False
    if isinstance(bound, Range):
        low, high = bound.low.value, bound.high.value
        low_open, high_open = bound.low_open, bound.high_open
    elif isinstance(bound, Limit):
        if rule.comparator in (Comparator.AT_LEAST, Comparator.MORE):
            low, low_open = bound.value, rule.comparator is Comparator.MORE
        else:
            high, high_open = bound.value, rule.comparator is Comparator.LESS
    if whole:
        return _least(low, beyond=low_open), _most(high, beyond=high_open)
    return (
        math.nextafter(low, math.inf) if low_open else low,
        math.nextafter(high, -math.inf) if high_open else high,
    )


def _least(value: float, *, beyond: bool) -> Scalar:
    """Return the least whole number from a value on, or the least beyond it."""
    if abs(value) >= _LARGEST:
        return math.copysign(math.inf, value)
    nearest = math.ceil(value)
    return nearest + 1 if beyond and nearest == value else nearest


def _most(value: float, *, beyond: bool) -> Scalar:
    found = _least(-value, beyond=beyond)
    return -found if isinstance(found, int | float) else found


def _wrong(key: str, text: str, why: str) -> UsageError:
    return UsageError(
        "contract-line",
        f"the line {key!r} of [contract] cannot be a promise of single cells: {text!r}: {why}",
        fix=f"write a range, a set, {ANY!r} or the most empty cells: "
        'age = "in [17, 90]", plan = "in {basic, pro}", "null(plan)" = "<= 5%"',
        facts={"key": key, "text": text},
    )


def _other_kind(feature: FeatureContract, line: Line) -> UsageError:
    wants = "numbers" if feature.kind in _NUMBERS else "texts in quotes"
    if feature.kind not in (*_NUMBERS, Kind.STRING):
        wants = f"nothing but {_NULL}({feature.name})"
    return UsageError(
        "check-kind",
        f"the line {line.text!r} of the contract is about a column of {feature.kind.value} values",
        fix=f"give {wants} for {feature.name!r}",
        facts={"check": line.key, "column": feature.name, "kind": feature.kind.value},
    )
