"""Which configuration is chosen, what an interpretable one would cost, and why, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlwright.stats.metrics import METRICS
from mlwright.train.portfolio import DUMMY
from mlwright.train.records import Configuration, Decision, Scored, SearchResult, Task

INTERPRETABLE = ("linear", "additive")
"""The algorithms whose every answer a person can add up."""


def sign_of(task: Task) -> float:
    """Return 1 where a greater score is better, else -1."""
    return 1.0 if METRICS[task.metric].greater_is_better else -1.0


def worth_of(scored: Scored, task: Task) -> float:
    """Return a score that is greater where better, and least where there is none."""
    return sign_of(task) * scored.validation if math.isfinite(scored.validation) else -math.inf


def best_of(scored: Sequence[Scored], task: Task) -> Scored:
    """Return the best configuration; of equals the first, which is the simpler."""
    return max(scored, key=lambda each: worth_of(each, task))


def price_of(best: Scored, other: Scored, task: Task) -> float:
    """Return what choosing another costs: the difference, or the share by which a loss grows.

    Without bound where the other cannot be judged, or loses anything where the best loses nothing.
    """
    if not math.isfinite(other.validation):
        return math.inf
    if METRICS[task.metric].greater_is_better:
        return best.validation - other.validation
    if best.validation == 0.0:
        return 0.0 if other.validation == 0.0 else math.inf
    return other.validation / best.validation - 1.0


def choose(
    scored: Sequence[Scored],
    task: Task,
    interpretable_within: float,
    unlabelled: int,
    too_large: Sequence[str] = (),
) -> SearchResult:
    """Return the result of a search from what was scored.

    Parameters
    ----------
    too_large
        The configurations that take more than a model may: chosen only where all do.
    """
    within = [each for each in scored if each.configuration.name not in too_large]
    if all(each.configuration.algorithm == DUMMY.algorithm for each in within):
        within = list(scored)
    # A blend that was made and is not told to be worse comes before its members.
    best = best_of(sorted(within, key=lambda each: not each.configuration.members), task)
    plain = [s for s in scored if s.configuration.algorithm in INTERPRETABLE]
    readable = best_of(plain, task) if plain else scored[0]
    price = price_of(best, readable, task)
    # Nothing is easier to read than an answer that ignores its input.
    worth_it = best.configuration.algorithm != DUMMY.algorithm and price <= interpretable_within
    chosen = readable if plain and worth_it else best
    ready = replace(chosen.configuration, parameters=chosen.chosen_parameters)
    decisions = [
        Decision("the task", task.why, "--task, --metric"),
        *_of_choice(best, readable, chosen, price, task, interpretable_within),
        *_of_bounds(scored, best, too_large, task),
    ]
    if unlabelled:
        why = "their target is missing, so there is nothing to learn from them"
        decisions.append(Decision(f"{unlabelled:,} rows left out", why, "give these rows a target"))
    return SearchResult(
        metric=task.metric,
        scored=tuple(scored),
        chosen=ready,
        interpretable=readable.configuration.name,
        interpretable_price=price,
        decisions=tuple(decisions),
        unlabelled=unlabelled,
    )


def _of_choice(
    best: Scored,
    readable: Scored,
    chosen: Scored,
    price: float,
    task: Task,
    interpretable_within: float,
) -> Iterator[Decision]:
    name = chosen.configuration.name
    why = f"{task.metric} {chosen.validation:.4f} on rows not trained on"
    if not math.isfinite(chosen.validation):
        why = f"{task.metric} is defined for none on the rows not trained on"
    elif chosen is readable and chosen is not best:
        why += (
            f": interpretable, and {price:.4g} from {best.configuration.name}, within"
            f" {interpretable_within:g}"
        )
    else:
        why += ", the best of all"
    yield Decision(f"the configuration {name}", why, "--models, search.interpretable_within")
    if chosen.configuration.members:
        yield _of_members(chosen.configuration)
    if "trees" in chosen.chosen_parameters:
        trees = int(chosen.chosen_parameters["trees"])
        if trees < int(chosen.configuration.parameters["trees"]):
            why = "where more trees no longer helped on rows not trained on"
        else:
            why = "as many as it was given: more might still help"
        yield Decision(f"{trees} trees", why, "search.budget, search.row_time")


def _of_members(configuration: Configuration) -> Decision:
    def told(number: int) -> str:
        member = configuration.members[number]
        times = f", the mean of {member.fits} fits" if member.fits > 1 else ""
        return f"{member.weight:.2f} x {member.configuration.name}{times}"

    listed = " + ".join(told(number) for number in range(len(configuration.members)))
    return Decision(
        f"a blend: {listed}",
        "added one at a time, each the one that helped most on rows not trained on; what it adds is"
        " told by halves of those rows that chose for each other",
        "search.members",
    )


def _of_bounds(
    scored: Sequence[Scored], best: Scored, too_large: Sequence[str], task: Task
) -> Iterator[Decision]:
    beyond = [each for each in scored if each.configuration.name in too_large]
    if not beyond:
        return
    largest = best_of(beyond, task)
    cost = price_of(largest, best, task)
    if cost > 0:
        what = f"{largest.configuration.name} was not chosen, though better by {cost:.4g}"
        why = "it would take more bytes, or more time a row, than a model may"
        yield Decision(what, why, "search.size, search.row_time")
