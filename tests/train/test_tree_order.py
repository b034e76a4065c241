"""Trees whose splits and leaves are put in another order answer with the same bits."""

from __future__ import annotations

import math

import lightgbm
import numpy as np

from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.train.tree_merge import WeightedTrees, merged
from mlwright.train.tree_order import often_first

FEATURES = 5


def test_what_most_rows_reach_comes_first_and_no_bit_of_an_answer_changes() -> None:
    drawn = np.random.default_rng(7)
    X = drawn.normal(size=(600, FEATURES))
    X[:, 2] = drawn.integers(0, 9, 600)
    X[drawn.random(X.shape) < 0.1] = math.nan
    asked = {"objective": "regression", "verbosity": -1, "num_leaves": 13, "num_threads": 1}
    data = lightgbm.Dataset(X, drawn.normal(size=600), categorical_feature=[2])
    before = lightgbm.train(asked, data, 9).model_to_string().encode()

    trees = WeightedTrees(before, 1.0, range(FEATURES))
    after = merged([trees], features=FEATURES, classes=0, starts=[0.0])

    reached = [
        [int(count) for count in line.split(b"=")[1].split()]
        for line in after.split(b"\n")
        if line.startswith((b"leaf_count", b"internal_count"))
    ]
    assert b"num_cat=0" in after
    assert b"num_cat=1" in after
    assert reached == [sorted(each, reverse=True) for each in reached]
    assert sum(map(len, reached)) > 9 * (4 + 5)
    one, other = (LightgbmModel(text, features=FEATURES, outputs=1) for text in (before, after))
    assert one.matrix(X).tobytes() == other.matrix(X).tobytes()
    for row in X[:50].tolist():
        assert one.row(row) == other.row(row)
        assert one.terms(row)[0, :-1].tobytes() == other.terms(row)[0, :-1].tobytes()
        assert abs(other.terms(row).sum() - other.scores(row)[0]) < 1e-12


def test_a_single_leaf_stays_as_it_is() -> None:
    leaf = {"num_leaves": "1", "num_cat": "0", "leaf_value": "0.5", "leaf_count": "9"}

    assert often_first(leaf) == leaf
