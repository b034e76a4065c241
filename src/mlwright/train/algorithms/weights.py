"""How much each row counts, and the scores to start from: alike for every algorithm.

Where classes are evened out, trees see the rare ones better; what that adds to the scores is known
(the logarithm of what a class's rows were multiplied by) and is taken back, so that probabilities
stay those of the data.
"""

from __future__ import annotations

import numpy as np

from mlwright.train.algorithms.problem import Problem, Rows, Vector

# The score of a class without a row, under the lowest of the others: a probability near 1e-15,
# where the metrics clip.
UNSEEN = 35.0


def multipliers(rows: Rows, problem: Problem) -> Vector:
    """Return what the rows of each class are multiplied by; empty for a regression.

    The parameter ``balance`` says how far: at 0 not at all, at 1 all classes count alike.
    """
    balance = float(problem.parameters.get("balance", 0.0))
    held = totals(rows, problem)
    seen = held > 0.0
    found = np.ones(problem.classes)
    if balance and seen.any():
        found[seen] = (held.sum() / (seen.sum() * held[seen])) ** balance
    return found


def totals(rows: Rows, problem: Problem) -> Vector:
    """Return how much the rows of each class count together; empty for a regression."""
    if not problem.classes:
        return np.empty(0)
    return np.bincount(rows.y.astype(np.intp), rows.weight, minlength=problem.classes).astype(float)


def weight_of(rows: Rows, factors: Vector) -> Vector | None:
    """Return how much each row counts, its class's factor included; None where all count alike.

    Rows count 1 in the mean, so that settings such as the smallest leaf mean what they say.
    """
    weight = None if rows.weight is None else rows.weight / rows.weight.mean()
    if not len(factors) or (factors == 1.0).all():
        return weight
    found: Vector = factors[rows.y.astype(np.intp)]
    return found if weight is None else found * weight


def starts(rows: Rows, problem: Problem) -> Vector:
    """Return the scores that make the shares of the classes: one, or one a class.

    >>> problem = Problem(2, (), {}, 0, 1)
    >>> starts(Rows(np.empty((4, 0)), np.array([0.0, 1.0, 1.0, 1.0])), problem).round(3).tolist()
    [1.099]
    """
    held = totals(rows, problem)
    seen = held > 0.0
    scores = np.log(np.where(seen, held, 1.0) / held.sum())
    scores[~seen] = scores[seen].min() - UNSEEN
    return _of_scores(scores)


def taken_back(factors: Vector) -> Vector:
    """Return what is to be added to the scores where rows counted as the factors say."""
    return _of_scores(-np.log(factors))


def _of_scores(classes: Vector) -> Vector:
    """Return one score a class, or of two classes the second's against the first."""
    scores: Vector = classes[1:] - classes[:1] if len(classes) == 2 else classes
    return scores


def quantile_of(y: Vector, weight: Vector | None, share: float) -> float:
    """Return the value under which a share of the values lies, each as often as it counts.

    >>> y = np.array([3.0, 1.0, 2.0])
    >>> quantile_of(y, None, 0.5), quantile_of(y, np.array([9.0, 1.0, 1.0]), 0.5)
    (2.0, 3.0)
    """
    if weight is None:
        return float(np.quantile(y, share))
    order = np.argsort(y, kind="stable")
    held = np.cumsum(weight[order])
    return float(y[order[np.searchsorted(held, share * held[-1])]])
