"""Trees of every library answer in LightGBM's text as in the library that grew them."""

from __future__ import annotations

import math

import catboost
import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.train.algorithms import catboost as symmetric
from mlwright.train.algorithms import extra_trees, hist, tree_text
from mlwright.train.algorithms import xgboost as ours
from mlwright.train.algorithms.single_precision import as_read, in_single

Matrix = NDArray[np.float64]

FEATURES = 5


def rows(count: int = 700) -> tuple[Matrix, Matrix]:
    drawn = np.random.default_rng(8)
    X = drawn.normal(size=(count, FEATURES))
    X[:, 1] = drawn.integers(-3, 4, count)
    X[:, 2] = np.round(X[:, 2], 1)
    X[:, 3] *= 10.0 ** drawn.integers(-30, 30, count)
    X[drawn.random(X.shape) < 0.1] = math.nan
    return X, np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * np.nan_to_num(X[:, 2])


def hard(X: Matrix, trees: list[tree_text.Tree]) -> Matrix:
    """Return training rows and, for each threshold, the numbers at it and beside it."""
    found = [X]
    for tree in trees:
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            end = np.sign(threshold) * 1e300
            within = threshold if abs(threshold) < 1e300 else end
            for near in (
                within,
                np.nextafter(within, math.inf),
                np.nextafter(within, -math.inf),
                float(in_single(np.array(within))),
            ):
                row = X[len(found) % len(X)].copy()
                row[feature] = near
                found.append(row[None])
    odd = np.full((6, FEATURES), math.nan)
    odd[:5] = np.array([0.0, -0.0, 1e-36, 1e300, -1e300])[:, None]
    return np.concatenate([*found, odd])


def answered(trees: list[tree_text.Tree], X: Matrix) -> Matrix:
    content = tree_text.write(trees, features=FEATURES, classes=0)
    return LightgbmModel(content, features=FEATURES, outputs=1).matrix(X)[:, 0]


def test_xgboost_answers_the_same_at_every_threshold() -> None:
    X, y = rows()
    told = {"max_leaves": 16, "grow_policy": "lossguide", "max_depth": 0, "base_score": 0.0}
    booster = xgboost.train({**told, "nthread": 1}, xgboost.DMatrix(in_single(X), y), 20)

    trees = ours.trees_of(booster, X)

    asked = hard(X, trees)
    expected = booster.predict(xgboost.DMatrix(in_single(asked)))
    np.testing.assert_allclose(answered(trees, asked), expected, rtol=1e-5, atol=1e-5)


def test_histogram_boosting_answers_the_same_at_every_threshold() -> None:
    X, y = rows()
    model = HistGradientBoostingRegressor(max_iter=20, max_leaf_nodes=16, random_state=0)
    model.fit(as_read(X), y)

    trees = [hist.tree_of(each[0].nodes) for each in model._predictors]

    asked = hard(X, trees)
    found = answered(tree_text.moved(trees, [float(model._baseline_prediction.item())]), asked)
    np.testing.assert_allclose(found, model.predict(as_read(asked)), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("missing", ["Min", "Max"])
def test_catboost_answers_the_same_at_every_threshold(missing: str) -> None:
    X, y = rows()
    told = {"iterations": 20, "depth": 5, "nan_mode": missing, "thread_count": 1}
    quiet = {"allow_writing_files": False, "logging_level": "Silent"}
    model = catboost.train(catboost.Pool(in_single(X), y), {**told, **quiet})

    trees, starts = symmetric.trees_of(model)

    asked = hard(X, trees)
    found = answered(tree_text.moved(trees, starts.tolist()), asked)
    np.testing.assert_allclose(found, model.predict(in_single(asked)), rtol=1e-7, atol=1e-7)


def test_extra_trees_answer_the_same_at_every_threshold() -> None:
    X, y = rows()
    forest = ExtraTreesRegressor(20, min_samples_leaf=5, random_state=0).fit(in_single(X), y)

    trees = [
        extra_trees.tree_of(each, each.tree_.value[:, 0, 0] / 20) for each in forest.estimators_
    ]

    asked = hard(X, trees)
    expected = forest.predict(in_single(asked))
    np.testing.assert_allclose(answered(trees, asked), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_what_is_written_is_read_again(classes: int) -> None:
    X, y = rows()
    booster = xgboost.train({"max_leaves": 8, "nthread": 1}, xgboost.DMatrix(in_single(X), y), 6)
    content = tree_text.write(ours.trees_of(booster, X), features=FEATURES, classes=classes)

    again = tree_text.read(content.decode())

    assert tree_text.write(again, features=FEATURES, classes=classes) == content
    assert sum(int(tree.counts.sum()) for tree in again) == 6 * len(X)
