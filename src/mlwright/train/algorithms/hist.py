"""Histogram gradient boosting of scikit-learn, written as LightGBM's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms import tree_text
from mlwright.train.algorithms.lightgbm import PATIENCE
from mlwright.train.algorithms.lightgbm import answer as answer_of_text
from mlwright.train.algorithms.problem import (
    Learned,
    Parameters,
    Problem,
    Rows,
    Vector,
    centre_and_spread,
    in_spreads,
)
from mlwright.train.algorithms.single_precision import as_read
from mlwright.train.algorithms.weights import UNSEEN, multipliers, weight_of
from mlwright.train.threads import openmp_threads, wait_passively

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {
    "trees": 300,
    "rate": 0.08,
    "leaves": 31,
    "smallest_leaf": 20,
    "column_share": 0.7,
    "l2": 0.0,
    "bins": 255,
}

_MOST_BINS = 255


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return boosted trees: as many as ``trees`` says, or as the judging rows like best."""
    wait_passively()
    asked = {**DEFAULTS, **problem.parameters}
    grow = _of_classes if problem.classes else _of_values
    scores, starts, spread = grow(rows, problem, judging, asked)
    count = max(len(trees) for trees in scores)
    rounds = [
        [trees[place] if trees else tree_text.LEVEL for trees in scores] for place in range(count)
    ]
    # Without a tree, there would be none to start from.
    flat = [tree for each in rounds for tree in each] or [tree_text.LEVEL] * len(scores)
    trees = tree_text.moved(flat, starts.tolist(), spread)
    content = tree_text.write(trees, features=rows.X.shape[1], classes=problem.classes)
    return Learned(content, {**problem.parameters, "trees": max(count, 1)})


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    return answer_of_text(content, X, problem)


_Scores = list[list[tree_text.Tree]]


def _of_values(
    rows: Rows, problem: Problem, judging: Rows | None, asked: Parameters
) -> tuple[_Scores, Vector, float]:
    """Return the trees of the one score, where it starts, and what they are multiplied by."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    mean, spread = centre_and_spread(rows.y, rows.weight)

    def scaled(of: Rows) -> Rows:
        return Rows(of.X, in_spreads(of.y, mean, spread), weight_of(of, np.empty(0)))

    loss: dict[str, Any] = {"loss": "squared_error"}
    if problem.quantile is not None:
        loss = {"loss": "quantile", "quantile": problem.quantile}
    model = HistGradientBoostingRegressor(**loss, **_settings(asked, problem))
    grown = _grown(model, scaled(rows), judging and scaled(judging), problem.threads)
    start = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()
    return grown, start * spread + mean, spread


def _of_classes(
    rows: Rows, problem: Problem, judging: Rows | None, asked: Parameters
) -> tuple[_Scores, Vector, float]:
    """Return the trees of each score and where it starts; scikit-learn knows only classes seen."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    factors = multipliers(rows, problem)
    seen = np.unique(rows.y).astype(np.intp)
    starts = np.zeros(problem.classes)
    scores: _Scores = [[] for _ in range(problem.classes)]

    def counted(of: Rows) -> Rows:
        return Rows(of.X, of.y, weight_of(of, factors))

    if len(seen) > 1:
        known = None
        if judging is not None:
            held = np.isin(judging.y, seen)
            weight = None if judging.weight is None else judging.weight[held]
            known = counted(Rows(judging.X[held], judging.y[held], weight))
        model = HistGradientBoostingClassifier(**_settings(asked, problem))
        grown = _grown(model, counted(rows), known, problem.threads)
        scored = seen[1:] if len(seen) == 2 else seen
        starts[scored] = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()
        for place, trees in zip(scored, grown, strict=True):
            scores[place] = trees
    unseen = np.setdiff1d(np.arange(problem.classes), seen)
    starts[unseen] = min(0.0, float(starts[seen].min())) - UNSEEN
    starts += -np.log(factors)
    if problem.classes == 2:
        return scores[1:], starts[1:] - starts[:1], 1.0
    return scores, starts, 1.0


def _settings(asked: Parameters, problem: Problem) -> dict[str, Any]:
    return {
        "max_iter": int(asked["trees"]),
        "learning_rate": float(asked["rate"]),
        "max_leaf_nodes": int(asked["leaves"]),
        "min_samples_leaf": int(asked["smallest_leaf"]),
        "max_features": float(asked["column_share"]),
        "l2_regularization": float(asked["l2"]),
        "max_bins": min(int(asked["bins"]), _MOST_BINS),
        "random_state": problem.seed,
        "scoring": "loss",
        "n_iter_no_change": PATIENCE,
    }


def _grown(
    model: HistGradientBoostingClassifier | HistGradientBoostingRegressor,
    rows: Rows,
    judging: Rows | None,
    threads: int,
) -> _Scores:
    """Fit a model and return the trees of each score, as many as the judging rows like best."""
    judged = judging is not None and len(judging.y) > 0
    model.set_params(early_stopping=judged)
    watched: dict[str, Any] = {}
    if judging is not None and judged:
        watched = {
            "X_val": as_read(judging.X),
            "y_val": judging.y,
            "sample_weight_val": judging.weight,
        }
    # It asks no one but OpenMP how many threads to use; what it sums is the same with any number.
    # Bins of the largest numbers begin halfway between them: of their sum it keeps the largest.
    with openmp_threads(threads), np.errstate(over="ignore", invalid="ignore"):
        model.fit(as_read(rows.X), rows.y, rows.weight, **watched)
    rounds = model._predictors
    if judged:
        # The first score is that of no tree.
        rounds = rounds[: max(1, int(np.argmax(model.validation_score_[1:])) + 1)]
    return [[tree_of(each.nodes) for each in trees] for trees in zip(*rounds, strict=True)]


def tree_of(nodes: NDArray[np.void]) -> tree_text.Tree:
    """Return one of scikit-learn's trees, given by its table of nodes."""
    leaf = nodes["is_leaf"].astype(bool)
    return tree_text.tree_of_nodes(
        left=np.where(leaf, -1, nodes["left"].astype(np.intp)),
        right=np.where(leaf, -1, nodes["right"].astype(np.intp)),
        feature=nodes["feature_idx"].astype(np.intp),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        values=nodes["value"].astype(np.float64),
        counts=nodes["count"].astype(np.intp),
    )
