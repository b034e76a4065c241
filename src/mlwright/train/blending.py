"""Add to what was judged a blend of the best, where it is better than each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.train import blend
from mlwright.train.algorithms.problem import Rows
from mlwright.train.bounds import Bounds, Load
from mlwright.train.choice import best_of, sign_of, worth_of
from mlwright.train.fit import recipe_of
from mlwright.train.greedy import Blended, Candidate, choose, scores_behind
from mlwright.train.judged import Judged, mean, measured
from mlwright.train.records import Configuration, Decision, Member, Plan, Scored, Task

_MOST_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Blend:
    """A blend, scored; None where it is no better than the best alone. And what bounds cost it."""

    scored: Scored | None
    decisions: tuple[Decision, ...]


def blended(
    judged: Sequence[Judged],
    judging: Sequence[Rows],
    known: Sequence[Rows],
    task: Task,
    plan: Plan,
    bounds: Bounds,
) -> Blend:
    """Return the blend of the best.

    Parameters
    ----------
    judging, known
        The rows of each round that judged, and of those fitted on that were scored too.
    """
    usable = [each for each in judged if each.blends]
    ranked = _ranked([each for each in usable if bounds.hold([load_in(each)])], task)
    if not ranked or worth_of(ranked[0].scored, task) == -np.inf:
        return Blend(None, ())
    found, refused = _chosen(ranked, judging, task, plan, bounds.hold)
    free = _ranked([each for each in usable if bounds.hold_size([load_in(each)])], task)
    decisions: tuple[Decision, ...] = ()
    if refused or free != ranked:
        unbound, _ = _chosen(free, judging, task, plan, bounds.hold_size)
        decisions = _of_time(ranked, found, free, unbound, task, bounds)
    return Blend(_scored(ranked, found, known, task, plan, bounds), decisions)


def load_in(judged: Judged) -> Load:
    """Return what one takes in a sum of several."""
    configuration = judged.scored.configuration
    linear = judged.blends and judged.seconds == 0.0
    return Load(recipe_of(configuration), judged.seconds, judged.size, linear)


def _ranked(usable: Sequence[Judged], task: Task) -> list[Judged]:
    return sorted(usable, key=lambda each: -worth_of(each.scored, task))[:_MOST_CANDIDATES]


def _chosen(
    ranked: Sequence[Judged],
    judging: Sequence[Rows],
    task: Task,
    plan: Plan,
    hold: Callable[[Sequence[Load]], bool],
) -> tuple[Blended, bool]:
    """Return the best weights of some that hold, and whether any were refused that do not."""
    behind = [[scores_behind(answers) for answers in each.answers] for each in ranked]
    loads = [load_in(each) for each in ranked]
    refused = False

    def within(places: Sequence[int]) -> bool:
        nonlocal refused
        holds = hold([loads[place] for place in places])
        refused |= not holds
        return holds

    found = choose(
        [Candidate(scores) for scores in behind],
        judging,
        classes=len(task.classes),
        metric=task.metric,
        most=plan.members,
        within=within,
    )
    return found, refused


def _of_time(
    ranked: Sequence[Judged],
    found: Blended,
    free: Sequence[Judged],
    unbound: Blended,
    task: Task,
    bounds: Bounds,
) -> tuple[Decision, ...]:
    """Say what it costs to keep to the time of a row, told by rows that chose no weight."""
    taken = bounds.seconds_of([load_in(ranked[place]) for place in found.weights])
    would = bounds.seconds_of([load_in(free[place]) for place in unbound.weights])
    cost = unbound.worth - found.worth
    if bounds.seconds is None or would <= bounds.seconds:
        return ()
    listed = " + ".join(
        f"{unbound.weights[place]:.2f} x {free[place].scored.configuration.name}"
        for place in sorted(unbound.weights)
    )
    better = f"would be better by {cost:.4g} of {task.metric}" if cost > 0 else "is no better"
    return (
        Decision(
            f"one row in about {1e6 * taken:.0f} us, at most {1e6 * bounds.seconds:.0f} us",
            f"without that bound {listed} {better} and takes about {1e6 * would:.0f} us",
            "search.row_time",
            f"{max(cost, 0.0):.4g} of {task.metric}",
        ),
    )


def _scored(
    ranked: Sequence[Judged],
    found: Blended,
    known: Sequence[Rows],
    task: Task,
    plan: Plan,
    bounds: Bounds,
) -> Scored | None:
    places = sorted(found.weights)
    chosen = [ranked[place] for place in places]
    fits = _fits(chosen, plan, bounds)
    is_one = len(places) == 1
    # The rows that chose flatter the weights, halves of them are unsure: both are heard.
    if (is_one and max(fits) == 1) or not (is_one or found.gain + found.seen > 0):
        return None
    members = tuple(
        Member(
            replace(each.scored.configuration, parameters=each.scored.chosen_parameters),
            found.weights[place],
            times,
        )
        for each, place, times in zip(chosen, places, fits, strict=True)
    )
    weights = [found.weights[p] for p in places]
    trained = [
        measured(task.metric, rows, _mixed([each.known[number] for each in chosen], weights))
        for number, rows in enumerate(known)
    ]
    # What the weights were chosen on flatters them: the best alone, and what halves say it adds.
    best = best_of([each.scored for each in ranked], task)
    gain = 0.0 if is_one else max(found.gain, 0.0)
    configuration = Configuration(blend.ALGORITHM, blend.ALGORITHM, {}, members=members)
    score = best.validation + sign_of(task) * gain
    loads = _times(chosen, fits)
    size = sum(each.size for each in loads)
    return Scored(configuration, score, mean(trained), {}, size, bounds.seconds_of(loads))


def _mixed(answers: Sequence[Matrix], weights: Sequence[float]) -> Matrix:
    classes = answers[0].shape[1] if answers[0].shape[1] > 1 else 0
    scores = [scores_behind(each) * weight for each, weight in zip(answers, weights, strict=True)]
    return blend.linked(reduce(np.add, scores), classes)


def _fits(members: Sequence[Judged], plan: Plan, bounds: Bounds) -> list[int]:
    """Return how often each member is fitted: as the plan says, while the whole stays in bounds."""
    for times in range(plan.fits, 1, -1):
        found = [times if _varies(each.scored.configuration) else 1 for each in members]
        if bounds.hold(_times(members, found)):
            return found
    return [1] * len(members)


def _times(members: Sequence[Judged], fits: Sequence[int]) -> list[Load]:
    return [load_in(each) for each, n in zip(members, fits, strict=True) for _ in range(n)]


def _varies(configuration: Configuration) -> bool:
    """Tell whether another seed gives another fit that is worth averaging with it."""
    drawn = configuration.parameters
    return (
        float(drawn.get("row_share", 1.0)) < 1.0
        or float(drawn.get("column_share", 1.0)) < 1.0
        or bool(drawn.get("random_thresholds", False))
    ) and configuration.algorithm not in _AVERAGED


_AVERAGED = ("extra_trees", "additive")
"""Algorithms that are a mean over many already, or whose shape a person reads."""
