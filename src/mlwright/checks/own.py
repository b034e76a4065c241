"""What a check of the user's own says: ``mw.Verdict``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mlwright.checks.records import Outcome
from mlwright.checks.records import Verdict as Judged
from mlwright.core.encoding import digest_of
from mlwright.core.ids import Noun, content_id

_NAMED = re.compile(r"(?:[^\W\d][\w.\-]*: )?[^\W\d][\w.]*:[^\W\d][\w.]*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of your own says: whether it passed, what it measured, and why.

    Parameters
    ----------
    passed
        Whether what was judged is good enough.
    value, low, high
        What was measured, and its interval where there is one.
    why
        One sentence for a person; the value alone where there is none.
    warns
        A failure is told and gates nothing.
    """

    passed: bool
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
    warns: bool = False

    def __post_init__(self) -> None:
        """Take numbers of another library for what they are."""
        object.__setattr__(self, "passed", bool(self.passed))
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            object.__setattr__(self, name, None if number is None else float(number))


def is_own(text: str) -> bool:
    """Tell whether a rule is a check of the user's own: ``MODULE:NAME``, or ``OTHER: MODULE:NAME``.

    >>> is_own("mychecks:vip_recall"), is_own("worst: gain.low > 0")
    (True, False)
    """
    return _NAMED.fullmatch(text.strip()) is not None


def judged(told: Verdict, *, rule: str, name: str, subject: str) -> Judged:
    """Return what a check of the user's own said as a verdict on a subject."""
    numbers = [_finite(each) for each in (told.value, told.low, told.high)]
    failed = Outcome.WARN if told.warns else Outcome.FAIL
    outcome = Outcome.PASS if told.passed else failed
    bound_to = (rule, name, subject, outcome.value, numbers, told.why)
    value, low, high = numbers
    return Judged(
        id=content_id(Noun.CHECK, digest_of(bound_to, tag="mlwright/own-verdict/1")),
        rule=rule,
        name=name,
        subject=subject,
        outcome=outcome,
        value=value,
        low=low,
        high=high,
        why=told.why or _measured(value, low, high),
    )


def _measured(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "it says no more"
    return (
        f"{value:.4g}" if low is None or high is None else f"{value:.4g} ({low:.4g} to {high:.4g})"
    )


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
