"""Explainable boosting: what each feature adds, and a few chosen pairs; only sums of them.

LightGBM grows trees of one feature each. Small free trees over what these leave say which pairs of
features act together; trees along whose paths only one such pair is asked about follow. All trees
of one feature become one, its curve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms import tree_text
from mlwright.train.algorithms.lightgbm import answer as answer_of_text
from mlwright.train.algorithms.lightgbm import (
    grown,
    learning_rows,
    parameters_for,
    scores,
)
from mlwright.train.algorithms.problem import Learned, Parameters, Problem, Rows
from mlwright.train.algorithms.single_precision import as_read
from mlwright.train.algorithms.terms import Box, Term, boxes_of, curve

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {
    "trees": 600,
    "rate": 0.05,
    "leaves": 3,
    "smallest_leaf": 20,
    "row_share": 0.8,
    "column_share": 0.5,
    "l2": 1.0,
    "bins": 255,
    "pairs": 10,
    "pair_trees": 0.4,
}
"""``pair_trees`` are those of pairs, as a share of the trees of one feature."""

_FIXED: Parameters = {"random_thresholds": False, "unordered": False}
_LOOKING: Parameters = {"leaves": 4, "rate": 0.1, "column_share": 1.0}
_LOOKED = 40
"""Trees that look for pairs."""

_PAIRS: Parameters = {"leaves": 6, "bins": 63, "column_share": 1.0}


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return the terms: grown from as many trees as told, or as the judging rows like best."""
    asked = {**_FIXED, **DEFAULTS, **problem.parameters}
    learning = learning_rows(rows, problem)
    learned = learning.of(rows)
    features = rows.X.shape[1]
    alone = [[place] for place in range(features)]

    def told(changed: Parameters, together: Sequence[Sequence[int]] | None) -> dict[str, Any]:
        found = parameters_for({**asked, **changed}, rows, problem)
        if together is None:
            return found
        # Of anything but lists the library reads no constraint.
        return {**found, "interaction_constraints": [list(places) for places in together]}

    text, count = grown(
        told({}, alone),
        learned,
        int(asked["trees"]),
        judging=None if judging is None else learning.of(judging),
    )
    trees = tree_text.read(text)
    wanted, more = int(asked["pairs"]), round(float(asked["pair_trees"]) * count)
    if wanted and more and features > 1:
        there = scores(text.encode(), rows.X, problem)
        looking, _ = grown(told(_LOOKING, None), learned, _LOOKED, scores=there)
        pairs = strongest_pairs(tree_text.read(looking), wanted)
        if pairs:
            together, _ = grown(told(_PAIRS, pairs), learned, more, scores=there)
            trees += tree_text.read(together)
    terms = joined(trees, tree_text.scores_for(problem.classes), as_read(rows.X))
    moved = tree_text.moved(terms, learning.starts, learning.spread)
    content = tree_text.write(moved, features=features, classes=problem.classes)
    return Learned(content, {**problem.parameters, "trees": count})


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    return answer_of_text(content, X, problem)


def strongest_pairs(trees: Iterable[tree_text.Tree], most: int) -> list[Term]:
    """Return the pairs whose common boxes move the scores of most rows by most, strongest first."""
    strength: defaultdict[Term, float] = defaultdict(float)
    for tree in trees:
        for box in boxes_of(tree):
            if len(box.ranges) == 2:
                strength[box.term] += box.count * box.value**2
    return sorted(strength, key=lambda term: (-strength[term], term))[:most]


def joined(trees: Sequence[tree_text.Tree], scores: int, X: Matrix) -> list[tree_text.Tree]:
    """Return a curve for each feature and score, then the other trees; trees come in turn."""
    alone: list[dict[int, list[Box]]] = [defaultdict(list) for _ in range(scores)]
    others: list[list[tree_text.Tree]] = [[] for _ in range(scores)]
    level = [0.0] * scores
    for place, tree in enumerate(trees):
        score, asked = place % scores, np.unique(tree.feature).tolist()
        if len(asked) > 1:
            others[score].append(tree)
        elif asked:
            alone[score][asked[0]].extend(boxes_of(tree))
        else:
            level[score] += float(tree.values[0])
    features = sorted({feature for each in alone for feature in each})
    curves = [
        curve(each[feature], feature, X[:, feature]) if feature in each else tree_text.LEVEL
        for feature in features
        for each in alone
    ]
    rounds = zip_longest(*others, fillvalue=tree_text.LEVEL)
    found = [*curves, *(tree for round_ in rounds for tree in round_)]
    return tree_text.moved(found or [tree_text.LEVEL] * scores, level)
