"""Extremely randomised trees of scikit-learn, written as LightGBM's text: averages, not a sum.

Shares of classes do not add up to scores, so each leaf says the logarithms of its shares, smoothed
towards those of all rows, and a logistic regression on their out-of-bag means turns them into
scores; its weights are multiplied into the leaves. It is fitted to the rows as they are, whatever
balance the trees were grown with.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms import tree_text
from mlwright.train.algorithms.lightgbm import answer as answer_of_text
from mlwright.train.algorithms.problem import (
    Learned,
    Parameters,
    Problem,
    Rows,
    Vector,
    centre_and_spread,
)
from mlwright.train.algorithms.single_precision import Single, at_most, in_single
from mlwright.train.algorithms.weights import (
    UNSEEN,
    multipliers,
    quantile_of,
    totals,
    weight_of,
)
from mlwright.train.threads import one_blas_thread, wait_passively

if TYPE_CHECKING:
    from sklearn.tree import BaseDecisionTree

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {"trees": 100, "leaves": 500, "smallest_leaf": 5, "column_share": 0.5}

_SMOOTHED_BY = 1.0
"""Rows with the shares of all rows that are added to each leaf."""

_CALIBRATED = 50_000
"""Out-of-bag rows the scores are fitted on, evenly drawn."""

_CALIBRATION_L2 = 0.1
_LARGEST_SEED = 2**31 - 1


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:  # noqa: ARG001
    """Return as many trees as ``trees`` says."""
    wait_passively()
    asked = {**DEFAULTS, **problem.parameters}
    factors = multipliers(rows, problem)
    counted = Rows(rows.X, rows.y, weight_of(rows, factors))
    X = in_single(rows.X)
    if problem.classes:
        trees = _of_classes(X, counted, problem, asked, rows.weight)
    else:
        trees = _of_values(X, counted, problem, asked)
    content = tree_text.write(trees, features=rows.X.shape[1], classes=problem.classes)
    return Learned(content, problem.parameters)


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    return answer_of_text(content, X, problem)


def _of_values(X: Single, rows: Rows, problem: Problem, asked: Parameters) -> list[tree_text.Tree]:
    from sklearn.tree import ExtraTreeRegressor

    mean, spread = centre_and_spread(rows.y, rows.weight)
    scaled = Rows(rows.X, (rows.y - mean) / spread, rows.weight)
    grown = _grown(ExtraTreeRegressor, X, scaled, asked, problem)
    leaves = [each.tree.tree_.value[:, 0, 0] / len(grown) for each in grown]
    start = mean
    if problem.quantile is not None:
        means, drawn = _out_of_bag(grown, X, [leaf[:, None] for leaf in leaves])
        kept = None if rows.weight is None else rows.weight[drawn]
        off = rows.y[drawn] - (means[:, 0] * spread + mean)
        start += quantile_of(off, kept, problem.quantile)
    trees = [tree_of(each.tree, leaf) for each, leaf in zip(grown, leaves, strict=True)]
    return tree_text.moved(trees, [start], spread)


def _of_classes(
    X: Single, rows: Rows, problem: Problem, asked: Parameters, weight: Vector | None
) -> list[tree_text.Tree]:
    from sklearn.tree import ExtraTreeClassifier

    grown = _grown(ExtraTreeClassifier, X, rows, asked, problem)
    held = totals(rows, problem)
    seen = np.flatnonzero(held)
    leaves = [_log_shares(each.tree, held[seen] / held.sum()) / len(grown) for each in grown]
    means, drawn = _out_of_bag(grown, X, leaves)
    weights, intercepts = _calibrated(
        means,
        np.searchsorted(seen, rows.y[drawn]),
        None if weight is None else weight[drawn],
        len(seen),
    )
    scores = np.full(problem.classes, intercepts.min() - UNSEEN)
    scores[seen] = intercepts
    mixed = np.zeros((problem.classes, len(seen)))
    mixed[seen] = weights
    if problem.classes == 2:
        scores, mixed = scores[1:] - scores[:1], mixed[1:] - mixed[:1]
    trees = [
        tree_of(each.tree, np.add.reduce(leaf * row, axis=1))  # no BLAS: one order of summing
        for each, leaf in zip(grown, leaves, strict=True)
        for row in mixed
    ]
    return tree_text.moved(trees, scores.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    """A tree and the rows it did not see."""

    tree: BaseDecisionTree
    unseen: NDArray[np.bool_]


def _grown(
    kind: type[BaseDecisionTree], X: Single, rows: Rows, asked: Parameters, problem: Problem
) -> list[_Grown]:
    """Return trees, each grown from as many rows drawn again and again.

    A forest of scikit-learn would draw heavy rows more often, and those left out would be others
    than the rest: here all are drawn alike, and the weight is the tree's.
    """
    seeds = np.random.default_rng(problem.seed).integers(_LARGEST_SEED, size=int(asked["trees"]))

    def grow(seed: int) -> _Grown:
        drawn = np.random.default_rng(seed).integers(len(X), size=len(X))
        counts = np.bincount(drawn, minlength=len(X)).astype(np.float64)
        tree = kind(
            max_leaf_nodes=max(2, int(asked["leaves"])),
            min_samples_leaf=int(asked["smallest_leaf"]),
            max_features=float(asked["column_share"]),
            random_state=seed,
        )
        # It sums all cells to see quickly that none is missing; where the sum is none, it looks.
        with np.errstate(over="ignore", invalid="ignore"):
            tree.fit(X, rows.y, counts if rows.weight is None else counts * rows.weight)
        return _Grown(tree, counts == 0.0)

    with ThreadPoolExecutor(problem.threads) as pool:
        return list(pool.map(grow, seeds.tolist()))


def _log_shares(grown: BaseDecisionTree, prior: Vector) -> Matrix:
    """Return nodes x classes: the logarithm of each class's smoothed share."""
    held = grown.tree_.weighted_n_node_samples[:, None]
    shares = grown.tree_.value[:, 0, :]
    found: Matrix = np.log((shares * held + prior * _SMOOTHED_BY) / (held + _SMOOTHED_BY))
    return found


def _out_of_bag(
    grown: Sequence[_Grown], X: Single, leaves: Sequence[Matrix]
) -> tuple[Matrix, tree_text.Places]:
    """Return the sums over the leaves, as of all trees, from those that did not see the row.

    And the rows that some tree did not see, evenly drawn.
    """
    count = min(len(X), _CALIBRATED)
    places = np.arange(count, dtype=np.intp) * len(X) // count
    sums = np.zeros((count, leaves[0].shape[1]))
    trees = np.zeros(count)
    for each, leaf in zip(grown, leaves, strict=True):
        out = np.flatnonzero(each.unseen[places])
        if len(out):
            sums[out] += leaf[each.tree.tree_.apply(X[places[out]])]
            trees[out] += 1.0
    known = np.flatnonzero(trees)
    return sums[known] * (len(leaves) / trees[known, None]), places[known]


def _calibrated(
    means: Matrix, y: tree_text.Places, weight: Vector | None, classes: int
) -> tuple[Matrix, Vector]:
    """Return classes x classes of weights and an intercept a class, fitted to what came out."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(y)) < classes or classes < 2:
        return np.eye(classes), np.zeros(classes)
    model = LogisticRegression(C=1.0 / _CALIBRATION_L2, max_iter=300)
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if classes == 2:
            model.fit(means[:, 1:] - means[:, :1], y, weight)
            slope = float(model.coef_[0, 0])
            weights = np.array([[0.0, 0.0], [-slope, slope]])
            return weights, np.array([0.0, float(model.intercept_[0])])
        model.fit(means, y, weight)
    return np.asarray(model.coef_, dtype=np.float64), np.asarray(model.intercept_)


def tree_of(grown: BaseDecisionTree, values: Vector) -> tree_text.Tree:
    """Return one of scikit-learn's trees, with what its nodes are to say."""
    told = grown.tree_
    # Of the thresholds in 64 bits, the number of 32 bits next below decides.
    threshold = in_single(told.threshold)
    above = threshold.astype(np.float64) > told.threshold
    threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
    return tree_text.tree_of_nodes(
        left=told.children_left.astype(np.intp),
        right=told.children_right.astype(np.intp),
        feature=told.feature.astype(np.intp),
        threshold=at_most(threshold),
        missing_left=told.missing_go_to_left.astype(bool),
        values=np.asarray(values, dtype=np.float64),
        counts=told.n_node_samples.astype(np.intp),
    )
