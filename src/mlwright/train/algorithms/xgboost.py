"""Boosted trees of XGBoost, written as LightGBM's text; the only module that knows its package.

XGBoost compares in 32 bits and asks for less where LightGBM asks for at most, in 64: thresholds
are turned exactly. It learns on one thread, because its sums depend on how many share them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

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
from mlwright.train.algorithms.single_precision import Single, below, in_single
from mlwright.train.algorithms.weights import multipliers, starts, taken_back, weight_of
from mlwright.train.threads import wait_passively

if TYPE_CHECKING:
    import xgboost

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {
    "trees": 300,
    "rate": 0.08,
    "leaves": 31,
    "smallest_leaf": 2.0,
    "row_share": 0.8,
    "column_share": 0.7,
    "l2": 1.0,
    "bins": 256,
}

_COUNTED = 50_000
"""Rows that are dropped through the trees to tell how many reach each leaf, evenly drawn."""

_AT_ONCE = 2_000


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return boosted trees: as many as ``trees`` says, or as the judging rows like best."""
    wait_passively()
    import xgboost

    asked = {**DEFAULTS, **problem.parameters}
    mean, spread = (0.0, 1.0) if problem.classes else centre_and_spread(rows.y, rows.weight)
    factors = multipliers(rows, problem)
    start = _start(rows, problem, factors, mean, spread)

    def matrix(of: Rows) -> xgboost.DMatrix:
        y = of.y if problem.classes else in_spreads(of.y, mean, spread)
        margin = np.tile(start, (len(y), 1))
        weight = weight_of(of, factors)
        return xgboost.DMatrix(
            in_single(of.X),
            y,
            weight=weight,
            base_margin=margin if margin.shape[1] > 1 else margin[:, 0],
            nthread=1,
        )

    watched: dict[str, Any] = {}
    if judging is not None:
        watched = {
            "evals": [(matrix(judging), "judging")],
            "early_stopping_rounds": PATIENCE,
            "verbose_eval": False,
        }
    booster = xgboost.train(
        _parameters(asked, problem), matrix(rows), int(asked["trees"]), **watched
    )
    count = booster.best_iteration + 1 if judging is not None else int(asked["trees"])
    booster = booster[:count]
    moved = start + taken_back(factors) if problem.classes else start * spread + mean
    trees = tree_text.moved(trees_of(booster, rows.X), moved.tolist(), spread)
    content = tree_text.write(trees, features=rows.X.shape[1], classes=problem.classes)
    return Learned(content, {**problem.parameters, "trees": count})


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    return answer_of_text(content, X, problem)


def _start(rows: Rows, problem: Problem, factors: Vector, mean: float, spread: float) -> Vector:
    if problem.classes:
        return starts(Rows(rows.X, rows.y, weight_of(rows, factors)), problem)
    if problem.quantile is not None:
        return np.quantile((rows.y - mean) / spread, [problem.quantile])
    return np.zeros(1)


def _parameters(asked: Parameters, problem: Problem) -> dict[str, Any]:
    objective = {0: "reg:squarederror", 2: "binary:logistic"}.get(problem.classes, "multi:softprob")
    told: dict[str, Any] = {"objective": objective}
    if objective == "multi:softprob":
        told["num_class"] = problem.classes
    if problem.quantile is not None:
        told = {"objective": "reg:quantileerror", "quantile_alpha": problem.quantile}
    return {
        **told,
        "base_score": 0.5 if problem.classes else 0.0,
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": asked["leaves"],
        "learning_rate": asked["rate"],
        "min_child_weight": asked["smallest_leaf"],
        "subsample": asked["row_share"],
        "colsample_bytree": asked["column_share"],
        "reg_lambda": asked["l2"],
        "max_bin": asked["bins"],
        "nthread": 1,
        "seed": problem.seed,
        "verbosity": 0,
    }


def trees_of(booster: xgboost.Booster, X: Matrix) -> list[tree_text.Tree]:
    """Return a booster's trees; ``X`` are the training rows, which tell how many reach a leaf."""
    read = json.loads(bytes(booster.save_raw("json")))
    found = read["learner"]["gradient_booster"]["model"]["trees"]
    counts = _counts(booster, X, [len(tree["left_children"]) for tree in found])
    return [_tree(tree, count) for tree, count in zip(found, counts, strict=True)]


def _tree(told: Mapping[str, Any], counts: tree_text.Places) -> tree_text.Tree:
    numbers: Single = np.array(told["split_conditions"], dtype=np.float32)
    return tree_text.tree_of_nodes(
        left=np.array(told["left_children"], dtype=np.intp),
        right=np.array(told["right_children"], dtype=np.intp),
        feature=np.array(told["split_indices"], dtype=np.intp),
        threshold=below(numbers),
        missing_left=np.array(told["default_left"], dtype=bool),
        values=numbers.astype(np.float64),
        counts=counts,
    )


def _counts(booster: xgboost.Booster, X: Matrix, nodes: list[int]) -> list[tree_text.Places]:
    """Return for each tree how many rows reach each node that is a leaf."""
    import xgboost

    places = np.arange(min(len(X), _COUNTED), dtype=np.intp) * len(X) // min(len(X), _COUNTED)
    counts = [np.zeros(count, dtype=np.intp) for count in nodes]
    for first in range(0, len(places), _AT_ONCE):
        some = xgboost.DMatrix(in_single(X[places[first : first + _AT_ONCE]]), nthread=1)
        leaves = booster.predict(some, pred_leaf=True).reshape(some.num_row(), -1).astype(np.intp)
        for tree, count in enumerate(counts):
            count += np.bincount(leaves[:, tree], minlength=len(count))
    return counts
