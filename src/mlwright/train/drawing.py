"""Configurations of the user's own drawn while the search goes on, by the scores so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlwright.train.algorithms.foreign import OWN, draw_of, tried_with
from mlwright.train.choice import worth_of
from mlwright.train.records import Configuration, Decision, OwnSpace, Plan, Scored, Task
from mlwright.train.sampling import next_draw
from mlwright.train.space import space_of

_ATTEMPTS = 5
"""Draws until one is found that was not tried."""


def drawn_next(
    space: OwnSpace, scored: Sequence[Scored], number: int, task: Task, plan: Plan
) -> Configuration | None:
    """Return the ``number``-th configuration drawn of a model; None where nothing new is found.

    Raises
    ------
    UsageError
        ``optuna-extra``
    """
    own = next(each for each in plan.own if each.name == space.model)
    mine = [each for each in scored if each.configuration.parameters.get(OWN) == space.model]
    tried = [(draw_of(each.configuration), _worth(each, task)) for each in mine]
    names = [each.configuration.name for each in mine]
    values = space_of(space.lines, space.model)
    for attempt in range(_ATTEMPTS):
        draw = next_draw(values, tried, plan.seed, number * _ATTEMPTS + attempt)
        found = tried_with(own, draw)
        if found.name not in names:
            return found
    return None


def told_of(space: OwnSpace, drawn: int) -> Decision:
    """Return how many configurations of a model were drawn, as it is told."""
    return Decision(
        f"{drawn} of the parameters of {space.model} drawn by Optuna's TPE",
        "each from the seed and the scores of those before it"
        + ("" if drawn == space.tries else "; then it drew none that had not been tried"),
        "search.sampler",
    )


def _worth(scored: Scored, task: Task) -> float | None:
    worth = worth_of(scored, task)
    return worth if math.isfinite(worth) else None
