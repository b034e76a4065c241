"""What mistakes cost: the matrix behind a model's decisions, from lines such as ``yes as no``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mlwright.core.errors import UsageError, listed, nearest
from mlwright.data.records import Scalar

_AS = " as "


def read_costs(lines: Mapping[str, str]) -> dict[str, float]:
    """Return the cost of each mistake that is named.

    Raises
    ------
    UsageError
        ``cost-line`` for a key that names no mistake, or what is no number from 0 on.
    """
    found: dict[str, float] = {}
    for key, text in lines.items():
        try:
            cost = float(text)
        except ValueError:
            cost = math.nan
        if _AS not in key or not 0 <= cost < math.inf:
            raise UsageError(
                "cost-line",
                f"costs: {key!r} = {text!r} does not say what a mistake costs",
                fix='name the true class, the one answered, and a number: "yes as no" = "5"',
                facts={"line": key, "value": text},
            )
        found[key] = cost
    return found


def cost_matrix(
    costs: Mapping[str, float], classes: Sequence[Scalar], target: str
) -> tuple[tuple[float, ...], ...]:
    """Return classes x classes: what it costs to answer the second where the first is true.

    Raises
    ------
    UsageError
        ``cost-class`` for a class the target does not have, or where it has none.
    """
    if not costs:
        return ()
    names = [_name(each) for each in classes]
    matrix = [[0.0 if i == j else 1.0 for j in range(len(names))] for i in range(len(names))]
    known = {f"{a}{_AS}{b}": (i, j) for i, a in enumerate(names) for j, b in enumerate(names)}
    for key, cost in costs.items():
        if key not in known:
            near = nearest(key, [each for each, (i, j) in known.items() if i != j])
            raise UsageError(
                "cost-class",
                f"costs: {key!r} is no mistake about {target!r}"
                + (f"; did you mean {near!r}?" if near else ""),
                fix=f"use {near!r}" if near else "leave [costs] out: it is for classes",
                facts={"line": key, "target": target, "nearest": near},
                looked=[f"the {len(names)} classes: {listed(names)}"],
            )
        i, j = known[key]
        matrix[i][j] = cost
    return tuple(map(tuple, matrix))


def in_words(costs: Sequence[Sequence[float]], classes: Sequence[Scalar]) -> str:
    """Say what a model with costs answers.

    >>> in_words([[0.0, 1.0], [5.0, 0.0]], ("no", "yes"))
    "answers 'yes' from a probability of 16.67 % on: what costs least to expect"
    """
    if len(classes) != 2:
        return "answers the class that costs least to expect"
    (right_no, false_yes), (missed, right_yes) = costs
    asked, saved = false_yes - right_no, missed - right_yes
    if asked <= 0 or saved <= 0:
        return "answers the class that costs least to expect"
    share = asked / (asked + saved)
    return (
        f"answers {classes[1]!r} from a probability of {share * 100:.4g} % on: what costs least"
        " to expect"
    )


def _name(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
