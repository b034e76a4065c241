"""Symmetric trees of CatBoost, an extra, written as LightGBM's text.

CatBoost's own treatment of categories cannot be said in trees of numbers: it is given codes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from mlwright.data.sources.extras import missing_extra
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
from mlwright.train.algorithms.single_precision import Single, at_most, in_single
from mlwright.train.algorithms.weights import (
    UNSEEN,
    multipliers,
    quantile_of,
    starts,
    taken_back,
    weight_of,
)
from mlwright.train.threads import wait_passively

if TYPE_CHECKING:
    import catboost

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {
    "trees": 400,
    "rate": 0.08,
    "depth": 6,
    "row_share": 0.8,
    "column_share": 0.7,
    "l2": 3.0,
    "bins": 254,
}

_LARGEST_SEED = 2**31 - 1


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return boosted trees: as many as ``trees`` says, or as the judging rows like best.

    Raises
    ------
    UsageError
        ``extra-missing`` where CatBoost is not installed.
    """
    wait_passively()
    try:
        import catboost
    except ImportError:
        raise missing_extra("catboost", "the algorithm catboost") from None
    asked = {**DEFAULTS, **problem.parameters}
    X = in_single(rows.X)
    if len(np.unique(rows.y)) < 2 or not _varies(X):
        trees = tree_text.moved(
            [tree_text.LEVEL] * tree_text.scores_for(problem.classes), _level(rows, problem)
        )
        content = tree_text.write(trees, features=rows.X.shape[1], classes=problem.classes)
        return Learned(content, {**problem.parameters, "trees": 1})
    mean, spread = (0.0, 1.0) if problem.classes else centre_and_spread(rows.y, rows.weight)
    factors = multipliers(rows, problem)

    def pool(of: Rows) -> catboost.Pool:
        y = of.y if problem.classes else in_spreads(of.y, mean, spread)
        return catboost.Pool(in_single(of.X), y, weight=weight_of(of, factors))

    watched: dict[str, Any] = {}
    if judging is not None and len(judging.y):
        watched = {"eval_set": pool(judging), "early_stopping_rounds": PATIENCE}
    model = catboost.train(pool(rows), _parameters(asked, problem), **watched)
    trees, level = trees_of(model)
    if problem.classes:
        unseen = np.setdiff1d(np.arange(problem.classes), rows.y.astype(np.intp))
        back = taken_back(factors)
        if len(back) == problem.classes:
            back[unseen] -= UNSEEN
        level = level + back
    else:
        level = level * spread + mean
    moved = tree_text.moved(trees, level.tolist(), spread)
    content = tree_text.write(moved, features=rows.X.shape[1], classes=problem.classes)
    return Learned(content, {**problem.parameters, "trees": int(model.tree_count_)})


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    return answer_of_text(content, X, problem)


def _varies(X: Single) -> bool:
    return any(len(np.unique(column)) > 1 for column in X.T)


def _level(rows: Rows, problem: Problem) -> list[float]:
    """Return the scores where nothing can be learned but the target."""
    if not problem.classes:
        if problem.quantile is not None:
            return [quantile_of(rows.y, rows.weight, problem.quantile)]
        return [centre_and_spread(rows.y, rows.weight)[0]]
    found: list[float] = starts(rows, problem).tolist()
    return found


def _parameters(asked: Parameters, problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {"loss_function": "RMSE"}
    if problem.quantile is not None:
        told = {"loss_function": f"Quantile:alpha={problem.quantile}"}
    elif problem.classes == 2:
        told = {"loss_function": "Logloss", "target_border": 0.5, "boost_from_average": True}
    elif problem.classes:
        told = {"loss_function": "MultiClass", "classes_count": problem.classes}
    return {
        **told,
        "iterations": int(asked["trees"]),
        "learning_rate": float(asked["rate"]),
        "depth": int(asked["depth"]),
        "bootstrap_type": "Bernoulli",
        "subsample": float(asked["row_share"]),
        "rsm": float(asked["column_share"]),
        "l2_leaf_reg": float(asked["l2"]),
        "border_count": min(int(asked["bins"]), 254),
        "boosting_type": "Plain",
        "random_seed": problem.seed % _LARGEST_SEED,
        # Its sums depend on how many threads share them.
        "thread_count": 1,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }


def trees_of(model: catboost.CatBoost) -> tuple[list[tree_text.Tree], Vector]:
    """Return a model's trees, those of several scores in turn, and where each score starts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        read = json.loads(path.read_bytes())
    late = {
        each["feature_index"]
        for each in read["features_info"]["float_features"]
        if each["nan_value_treatment"] == "AsTrue"
    }
    level = np.array(read["scale_and_bias"][1], dtype=np.float64)
    trees = [tree for each in read["oblivious_trees"] for tree in _unfolded(each, len(level), late)]
    return trees, level


def _unfolded(told: Mapping[str, Any], scores: int, late: set[int]) -> list[tree_text.Tree]:
    """Return a symmetric tree for each score, without the branches that no row can take."""
    splits = told.get("splits") or []
    values = np.array(told["leaf_values"], dtype=np.float64).reshape(-1, scores)
    weights = np.array(told["leaf_weights"], dtype=np.float64)
    features = [int(each["float_feature_index"]) for each in splits]
    borders = [float(each["border"]) for each in splits]
    left: list[int] = []
    right: list[int] = []
    asked: list[int] = []
    leaves: list[int] = []

    def grow(depth: int, leaf: int, ranges: Mapping[int, tuple[float, float]]) -> int:
        if depth == len(splits):
            leaves.append(leaf)
            return -len(leaves)
        feature, border = features[depth], borders[depth]
        low, high = ranges.get(feature, (-np.inf, np.inf))
        above = leaf | 1 << depth
        if border <= low:
            return grow(depth + 1, above, ranges)
        if border >= high:
            return grow(depth + 1, leaf, ranges)
        place = len(asked)
        asked.append(depth)
        left.append(0)
        right.append(0)
        left[place] = grow(depth + 1, leaf, {**ranges, feature: (low, border)})
        right[place] = grow(depth + 1, above, {**ranges, feature: (border, high)})
        return place

    grow(0, 0, {})
    limits = at_most(np.array([borders[depth] for depth in asked], dtype=np.float32))
    return [
        tree_text.Tree(
            feature=np.array([features[depth] for depth in asked], dtype=np.intp),
            threshold=np.clip(limits, -tree_text.LARGEST, tree_text.LARGEST),
            missing_left=np.array([features[depth] not in late for depth in asked], dtype=bool),
            left=np.array(left, dtype=np.intp),
            right=np.array(right, dtype=np.intp),
            values=values[leaves, score],
            counts=np.maximum(np.rint(weights[leaves]), 1).astype(np.intp),
        )
        for score in range(scores)
    ]
