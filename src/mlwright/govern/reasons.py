"""The reasons of an answer, largest first, each in a sentence for whoever it is about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlwright.govern.records import Change, Reason
from mlwright.scoring.records import Additive, Scale

_NOTHING = 5e-3
"""An amount whose factor is 1.00: it is called next to nothing, and told with the others."""


def reasons(additive: Additive, target: str, row: Mapping[str, object]) -> tuple[Reason, ...]:
    """Return what each column adds, largest first.

    Parameters
    ----------
    target
        The column that is predicted.
    row
        The row as it was scored.
    """
    what = _what(additive, target)
    found = (
        Reason(name, row.get(name), amount, _sentence(additive, what, name, row.get(name), amount))
        for name, amount in additive.columns
    )
    return tuple(sorted(found, key=lambda reason: -abs(reason.amount)))


def start(additive: Additive, target: str, average: str) -> str:
    """Tell where the reasons start from and where they lead.

    Parameters
    ----------
    average
        The row that has no reasons, such as ``the average row of the data``.
    """
    before, after = _level(additive, additive.base), _level(additive, additive.score)
    told = (
        f"for {average}, {_what(additive, target)} {before}; what this row holds moves that to "
        f"{after.removeprefix('is ').removeprefix('has ')}"
    )
    if additive.scale is Scale.LOG_WEIGHT:
        told += ", the largest of all classes"
    if additive.moved:
        told += (
            ". This model only answers, so each amount is how far its score moves when that column "
            "alone takes what that row holds; the amounts do not add up to the score"
        )
    return told


def changed(
    changes: Sequence[Change], target: str, value: object, probability: float | None
) -> str:
    """Tell which cells would be otherwise, and what the answer would be then.

    >>> changed((Change("tenure", 1, 24),), "churned", "no", 0.71)
    "with tenure = 24 (not 1), churned would be 'no' (71.0% likely)"
    """
    cells = " and ".join(
        f"{each.column} = {_shown(each.after)} (not {_before(each.before)})" for each in changes
    )
    said = number(value) if isinstance(value, float) else _shown(value)
    sure = "" if probability is None else f" ({probability:.1%} likely)"
    return f"with {cells}, {target} would be {said}{sure}"


def _before(value: object) -> str:
    return "missing" if _missing(value) else _shown(value)


def _what(additive: Additive, target: str) -> str:
    if additive.scale is Scale.DISTANCE:
        from_where = "what is usual" if additive.output is None else f"cluster {additive.output}"
        return f"the squared distance from {from_where}"
    return target if additive.output is None else f"{target} = {_shown(additive.output)}"


def _level(additive: Additive, score: float) -> str:
    if additive.scale is Scale.LOG_ODDS:
        return f"is {_share(score):.1%} likely"
    if additive.scale in (Scale.VALUE, Scale.DISTANCE):
        return f"is {number(score)}"
    return f"has the log-weight {number(score)}"


def _share(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    return math.exp(score) / (1.0 + math.exp(score))


def _sentence(additive: Additive, what: str, name: str, value: object, amount: float) -> str:
    cell = f"the missing {name}" if _missing(value) else f"{name} = {_shown(value)}"
    if amount == 0:
        return f"{cell} changes nothing"
    if additive.scale in (Scale.VALUE, Scale.DISTANCE):
        size = number(abs(amount))
        return f"{cell} adds {size} to {what}" if amount > 0 else f"{cell} takes {size} off {what}"
    if abs(amount) < _NOTHING:
        return f"{cell} changes next to nothing"
    of = "the odds" if additive.scale is Scale.LOG_ODDS else "its weight"
    if amount > 0:
        return f"{cell} speaks for {what}: it multiplies {of} by {_factor(amount)}"
    return f"{cell} speaks against {what}: it divides {of} by {_factor(-amount)}"


def _factor(amount: float) -> str:
    return f"{math.exp(amount):.3g}" if amount < 20 else f"e^{amount:.0f}"


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else str(value)


def number(value: float) -> str:
    """Return a number in four digits or so.

    >>> number(3931.44), number(0.12345), number(-1.0)
    ('3,931', '0.1235', '-1')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
