"""Curves answer as the trees they were made of."""

from __future__ import annotations

import math

import numpy as np

from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.train.algorithms import additive, tree_text
from mlwright.train.algorithms.lightgbm import DEFAULTS, grown, learning_rows, parameters_for
from mlwright.train.algorithms.problem import Problem, Rows
from mlwright.train.algorithms.terms import boxes_of


def drawn_rows(count: int = 900) -> Rows:
    drawn = np.random.default_rng(2)
    X = drawn.normal(size=(count, 4))
    X[:, 2] = drawn.integers(0, 5, count)
    y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 3]) + 0.1 * X[:, 2]
    X[drawn.random(count) < 0.2, 3] = math.nan
    return Rows(X, y)


def test_curves_answer_as_the_trees_they_were_made_of() -> None:
    rows = drawn_rows()
    problem = Problem(0, (), {}, 1, 1)
    told = parameters_for({**DEFAULTS, "leaves": 4}, rows, problem)
    alone = {**told, "interaction_constraints": [[0], [1], [2], [3]]}
    text, _ = grown(alone, learning_rows(rows, problem).of(rows), 60)

    trees = additive.joined(tree_text.read(text), 1, rows.X)

    written = tree_text.write(trees, features=4, classes=0)
    models = [LightgbmModel(each, features=4, outputs=1) for each in (text.encode(), written)]
    found, expected = (model.matrix(rows.X) for model in reversed(models))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert len(trees) <= 4
    assert all(len(set(tree.feature.tolist())) == 1 for tree in trees)


def test_only_pairs_that_act_together_are_found_and_no_path_asks_about_three() -> None:
    rows = drawn_rows(1_500)
    problem = Problem(0, (), {"trees": 80, "pairs": 1}, 1, 1)

    content = additive.fit(rows, problem, None).content

    asked = {box.term for tree in tree_text.read(content.decode()) for box in boxes_of(tree)}
    assert {len(term) for term in asked} == {1, 2}
    assert {term for term in asked if len(term) == 2} == {(0, 1)}
