"""What the checks stage takes and gives: rules, measurements and verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from mlwright.core.quantities import Quantity


class Outcome(str, Enum):
    """What a rule says about a subject; a failing rule that only warns gives ``warn``.

    ``waived`` is a failing rule that a person answered for.
    """

    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"


class Comparator(str, Enum):
    """How a value is held against a bound."""

    AT_LEAST = ">="
    AT_MOST = "<="
    MORE = ">"
    LESS = "<"
    EQUAL = "=="
    UNEQUAL = "!="
    IN = "in"


@dataclass(frozen=True, slots=True)
class Term:
    """What a rule is about: a value by name (``auc``) or a function of one (``null(age)``)."""

    function: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A number in base units (seconds, bytes, a share of one) and the unit it was written in."""

    value: float
    unit: str | None


@dataclass(frozen=True, slots=True)
class Range:
    """Everything between two limits; an open end does not hold its own limit."""

    low: Limit
    high: Limit
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A set of numbers and texts, each sorted and without repeats."""

    numbers: tuple[Limit, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the checks grammar; two rules are equal when they mean the same.

    ``text`` is the rule as it was written, ``name`` its own name where it has one and otherwise
    the term's; ``warns`` turns a failure into a warning.
    """

    text: str = field(compare=False)
    name: str
    term: Term
    comparator: Comparator
    bound: Limit | Range | Choice
    warns: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """What a value can be before it is measured: what its numbers count, and between which ends.

    ``quantity`` None is a plain number, in the value's own unit.
    """

    quantity: Quantity | None
    least: float = -math.inf
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value and, where it was estimated, its interval.

    ``said`` is what the number is, where a reader could take it for another.
    """

    value: float
    low: float | None = None
    high: float | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's outcome for a subject; ``id`` binds the rule, the subject and what was measured.

    ``rule`` is the rule in its one canonical form. What is not a finite number is None in
    ``value``, ``low`` and ``high``, and ``why`` says what it was. ``waiver`` is the reason of who
    answers for a failing rule.
    """

    id: str
    rule: str
    name: str
    subject: str
    outcome: Outcome
    value: float | None
    low: float | None
    high: float | None
    why: str
    waiver: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person's word that a check's failure is no fault; of one column where it names one."""

    check: str
    column: str | None
    reason: str
