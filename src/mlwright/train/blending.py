"""Add to what was judged a blend of the best, where it is better than each of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.train import blend
from mlwright.train.algorithms.problem import Rows
from mlwright.train.choice import best_of, sign_of, worth_of
from mlwright.train.greedy import Candidate, choose, scores_behind
from mlwright.train.judged import Judged, mean, measured
from mlwright.train.records import Configuration, Member, Plan, Scored, Task

_MOST_CANDIDATES = 10


def load_of(judged: Judged, plan: Plan, grown: float = 1.0) -> float:
    """Return the share of what a model may take that one takes, of bytes or of time.

    Parameters
    ----------
    grown
        How many times more rows the final fit has: what is no tree may grow with them.
    """
    size = 0.0 if plan.size is None else judged.size * grown / plan.size
    return max(size, 0.0 if plan.row_seconds is None else judged.seconds / plan.row_seconds)


def blended(
    judged: Sequence[Judged], judging: Sequence[Rows], known: Sequence[Rows], task: Task, plan: Plan
) -> Scored | None:
    """Return the blend of the best, scored; None where it is no better than the best alone.

    Parameters
    ----------
    judging, known
        The rows of each round that judged, and of those fitted on that were scored too.
    """
    fitting = [each for each in judged if each.blends and load_of(each, plan) <= 1.0]
    ranked = sorted(fitting, key=lambda each: -worth_of(each.scored, task))[:_MOST_CANDIDATES]
    if not ranked or worth_of(ranked[0].scored, task) == -np.inf:
        return None
    behind = [[scores_behind(answers) for answers in each.answers] for each in ranked]
    loads = [load_of(each, plan) for each in ranked]
    candidates = [Candidate(s, load) for s, load in zip(behind, loads, strict=True)]
    found = choose(
        candidates, judging, classes=len(task.classes), metric=task.metric, most=plan.members
    )
    places = sorted(found.weights)
    fits = _fits([ranked[p] for p in places], [loads[p] for p in places], plan)
    is_one = len(places) == 1
    # The rows that chose flatter the weights, halves of them are unsure: both are heard.
    if (is_one and max(fits) == 1) or not (is_one or found.gain + found.seen > 0):
        return None
    members = tuple(
        Member(
            replace(ranked[p].scored.configuration, parameters=ranked[p].scored.chosen_parameters),
            found.weights[p],
            times,
        )
        for p, times in zip(places, fits, strict=True)
    )
    weights = [found.weights[p] for p in places]
    trained = [
        measured(task.metric, rows, _mixed([ranked[p].known[number] for p in places], weights))
        for number, rows in enumerate(known)
    ]
    # What the weights were chosen on flatters them: the best alone, and what halves say it adds.
    best = best_of([each.scored for each in ranked], task)
    gain = 0.0 if is_one else max(found.gain, 0.0)
    configuration = Configuration(blend.ALGORITHM, blend.ALGORITHM, {}, members=members)
    score = best.validation + sign_of(task) * gain
    size = sum(ranked[p].size * times for p, times in zip(places, fits, strict=True))
    seconds = sum(ranked[p].seconds * times for p, times in zip(places, fits, strict=True))
    return Scored(configuration, score, mean(trained), {}, size, seconds)


def _mixed(answers: Sequence[Matrix], weights: Sequence[float]) -> Matrix:
    classes = answers[0].shape[1] if answers[0].shape[1] > 1 else 0
    scores = [scores_behind(each) * weight for each, weight in zip(answers, weights, strict=True)]
    return blend.linked(reduce(np.add, scores), classes)


def _fits(members: Sequence[Judged], loads: Sequence[float], plan: Plan) -> list[int]:
    """Return how often each member is fitted: as the plan says, while the whole stays in bounds."""
    for times in range(plan.fits, 1, -1):
        found = [times if _varies(each.scored.configuration) else 1 for each in members]
        if sum(load * n for load, n in zip(loads, found, strict=True)) <= 1.0:
            return found
    return [1] * len(members)


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
