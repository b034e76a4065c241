"""New configurations near the best: a few parameters moved, drawn by seed and number alone.

One that ran out of trees before they stopped helping is given twice as many instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlwright.train.records import Configuration, Scored

_PARENTS = 4
_MOST_MOVED = 3
_ATTEMPTS = 5
"""Draws until one is found that was not tried."""

_RAN_OUT, _MOST_TREES = 0.93, 4_000


@dataclass(frozen=True, slots=True)
class _Knob:
    """The least and the most of a parameter, whether whole, and whether it moves by factors."""

    least: float
    most: float
    whole: bool = False
    by_factor: bool = True


_KNOBS: Mapping[str, _Knob] = {
    "leaves": _Knob(4, 160, whole=True),
    "depth": _Knob(2, 10, whole=True, by_factor=False),
    "smallest_leaf": _Knob(1, 120, whole=True),
    "row_share": _Knob(0.5, 1.0, by_factor=False),
    "column_share": _Knob(0.25, 1.0, by_factor=False),
    "l2": _Knob(0.05, 60.0),
    "rate": _Knob(0.01, 0.25),
}
_FACTORS = (0.35, 0.55, 0.75, 1.35, 1.8, 2.8)
_SHIFTS = (-0.4, -0.25, -0.12, 0.12, 0.25, 0.4)
_LEAST_L2 = 0.3
"""What an l2 of 0 counts as, so that it can be multiplied."""


def child_of(ranked: Sequence[Scored], number: int, seed: int) -> Configuration | None:
    """Return the ``number``-th new configuration near the best ones; None where none can move.

    Parameters
    ----------
    ranked
        Best first. The better half of the first few is moved more often.
    """
    movable = [each for each in ranked if _names(each.configuration)][:_PARENTS]
    if not movable:
        return None
    tried = [_content(each.configuration) for each in ranked]
    child = None
    for attempt in range(_ATTEMPTS):
        child = _drawn(movable, ranked, number, np.random.default_rng((seed, number, attempt)))
        if _content(child) not in tried:
            break
    return child


def _drawn(
    movable: Sequence[Scored], ranked: Sequence[Scored], number: int, drawn: np.random.Generator
) -> Configuration:
    place = min(int(len(movable) * drawn.random() ** 1.5), len(movable) - 1)
    parent = movable[place].configuration
    root = parent.name.partition("~")[0]
    if _ran_out(movable[place]) and not any(_has_more(each, parent) for each in ranked):
        trees = min(2 * int(parent.parameters["trees"]), _MOST_TREES)
        more = {**parent.parameters, "trees": trees}
        return replace(parent, name=f"{root}~{number + 1}", parameters=more)
    names = _names(parent)
    moved = drawn.permutation(len(names))[: 1 + int(drawn.integers(_MOST_MOVED))]
    parameters = dict(parent.parameters)
    for where in sorted(moved.tolist()):
        name = names[where]
        value = _moved(float(parameters[name]), _KNOBS[name], drawn)
        if name == "rate" and "trees" in parameters:
            # As much is learned in all: a slower rate needs more trees.
            slower = min(float(parameters[name]) / value, 1.6)
            parameters["trees"] = max(10, round(float(parameters["trees"]) * slower))
        parameters[name] = value
    return replace(parent, name=f"{root}~{number + 1}", parameters=parameters)


def _content(configuration: Configuration) -> tuple[object, ...]:
    return configuration.algorithm, configuration.recipe, dict(configuration.parameters)


def _ran_out(scored: Scored) -> bool:
    offered = float(scored.configuration.parameters["trees"])
    found = float(scored.chosen_parameters.get("trees", 0))
    return offered < _MOST_TREES and found >= _RAN_OUT * offered


def _has_more(scored: Scored, parent: Configuration) -> bool:
    """Tell whether the same configuration with more trees was tried."""
    other = scored.configuration
    rest = {**other.parameters, "trees": parent.parameters["trees"]}
    same = (other.algorithm, other.recipe, rest)
    return same == (parent.algorithm, parent.recipe, parent.parameters) and float(
        other.parameters["trees"]
    ) > float(parent.parameters["trees"])


def _names(configuration: Configuration) -> list[str]:
    if "rate" not in configuration.parameters:
        return []
    return sorted(name for name in configuration.parameters if name in _KNOBS)


def _moved(value: float, knob: _Knob, drawn: np.random.Generator) -> int | float:
    way = int(drawn.integers(len(_FACTORS)))
    if knob.by_factor:
        value = max(value, _LEAST_L2 if knob.least < _LEAST_L2 else 0.0) * _FACTORS[way]
    else:
        span = knob.most - knob.least
        value += _SHIFTS[way] * span
    value = min(max(value, knob.least), knob.most)
    if knob.whole:
        return round(value)
    # Few digits: what is recorded reads as it was meant.
    return float(f"{value:.3g}") if math.isfinite(value) else knob.least
