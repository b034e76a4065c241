"""Fewer trees, each learning more, for the best configuration that takes more than a model may.

Without it a bound would choose among what was offered with no bound in mind: where every model of
trees takes too long, a plain one would win that is far worse than the same trees in two thirds of
their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlwright.train.blending import load_in
from mlwright.train.bounds import Bounds, Load
from mlwright.train.choice import worth_of
from mlwright.train.judged import Judged
from mlwright.train.records import Configuration, Task

_ROOM = 0.9
"""The share of what the bounds leave that is aimed at: a fit on all rows grows larger trees."""

_FEWEST, _FASTEST = 10, 0.3


def shortened(judged: Sequence[Judged], bounds: Bounds, task: Task) -> Configuration | None:
    """Return the best configuration beyond the bounds, cut to hold them; None where none is better.

    Its rate is raised as its trees are cut (up to 0.3), so that about as much is learned in all. It
    is one fit a round more than the plan foresaw, of fewer trees than one that was foreseen.
    """
    beyond = [each for each in judged if _of_trees(each) and not bounds.hold([load_in(each)])]
    within = [each for each in judged if bounds.hold([load_in(each)])]
    if not beyond:
        return None
    best = max(beyond, key=lambda each: worth_of(each.scored, task))
    if any(worth_of(each.scored, task) >= worth_of(best.scored, task) for each in within):
        return None
    before = int(best.scored.chosen_parameters["trees"])
    trees = int(before * _share(best, bounds))
    if trees < _FEWEST:
        return None
    configuration = best.scored.configuration
    parameters = {**configuration.parameters, "trees": trees}
    if "rate" in parameters:
        rate = float(parameters["rate"])
        parameters["rate"] = max(rate, min(rate * before / trees, _FASTEST))
    return replace(configuration, name=f"{configuration.name}-short", parameters=parameters)


def _of_trees(judged: Judged) -> bool:
    return judged.blends and judged.seconds > 0.0 and "trees" in judged.scored.chosen_parameters


def _share(judged: Judged, bounds: Bounds) -> float:
    """Return the share of its trees that the bounds leave room for, in hundredths."""
    load = load_in(judged)

    def cut(share: float) -> Load:
        return replace(load, seconds=share * load.seconds, size=share * load.size)

    shares = (hundredths / 100 for hundredths in range(100, 0, -1))
    return _ROOM * next((share for share in shares if bounds.hold([cut(share)])), 0.0)
