"""Gradient boosted trees; the only module that knows LightGBM's package.

The content is LightGBM's own text, cut after the trees: what follows are the parameters, among
them the number of threads, and sums over the trees. Features go by place, because LightGBM
refuses some characters in names. Values of a regression are learned centred and scaled, because
LightGBM keeps targets in 32 bits, and the leaves are scaled back in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms.problem import Learned, Problem, Rows, centre_and_spread
from mlwright.train.threads import wait_passively

if TYPE_CHECKING:
    import lightgbm

RECIPE: Recipe = "tree"

PATIENCE = 30
"""Trees without a gain on the judging rows after which no more are added."""

_END = "end of trees\n"
_LARGEST_SEED = 2**31 - 1


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return boosted trees: as many as ``trees`` says, or as the judging rows like best."""
    wait_passively()
    import lightgbm

    mean, spread = (0.0, 1.0) if problem.classes else centre_and_spread(rows.y)
    parameters = _parameters(rows, problem)
    data = _dataset(rows, problem, parameters, mean, spread)
    watched: dict[str, Any] = {}
    if judging is not None:
        watched = {
            "valid_sets": [_dataset(judging, problem, parameters, mean, spread, reference=data)],
            "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)],
        }
    booster = lightgbm.train(parameters, data, int(problem.parameters["trees"]), **watched)
    trees = booster.best_iteration if judging is not None else booster.current_iteration()
    text = booster.model_to_string(num_iteration=trees)
    text = text[: text.index(_END) + len(_END)]
    if not problem.classes:
        text = scaled_back(text, mean, spread)
    return Learned(text.encode(), {**problem.parameters, "trees": trees})


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    wait_passively()
    import lightgbm

    booster = lightgbm.Booster(model_str=content.decode())
    found = np.asarray(booster.predict(X, num_threads=problem.threads), dtype=np.float64)
    if problem.classes == 2:
        return np.column_stack([1.0 - found, found])
    return found.reshape(len(X), -1)


def _dataset(
    rows: Rows,
    problem: Problem,
    parameters: dict[str, Any],
    mean: float,
    spread: float,
    reference: lightgbm.Dataset | None = None,
) -> lightgbm.Dataset:
    import lightgbm

    unordered = bool(problem.parameters["unordered"])
    return lightgbm.Dataset(
        rows.X,
        rows.y if problem.classes else (rows.y - mean) / spread,
        reference=reference,
        feature_name=[f"f{place}" for place in range(rows.X.shape[1])],
        categorical_feature=list(problem.categorical) if unordered else [],
        params=parameters,
    )


def _parameters(rows: Rows, problem: Problem) -> dict[str, Any]:
    asked = problem.parameters
    row_share = float(asked["row_share"])
    objective = {0: "regression", 2: "binary"}.get(problem.classes, "multiclass")
    return {
        "objective": objective,
        **({"num_class": problem.classes} if objective == "multiclass" else {}),
        "learning_rate": asked["rate"],
        "num_leaves": asked["leaves"],
        # In a small table the asked size could forbid every split.
        "min_data_in_leaf": max(1, min(int(asked["smallest_leaf"]), len(rows.y) // 15)),
        "bagging_fraction": row_share,
        "bagging_freq": 1 if row_share < 1.0 else 0,
        "feature_fraction": asked["column_share"],
        "lambda_l2": asked["l2"],
        "max_bin": asked["bins"],
        "extra_trees": asked["random_thresholds"],
        # Column-wise histograms: each is summed by one thread, in the order of the rows.
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": problem.threads,
        "seed": problem.seed % _LARGEST_SEED,
        "verbosity": -1,
    }


def scaled_back(text: str, mean: float, spread: float) -> str:
    """Return a model's text whose sum over the trees is ``mean`` plus ``spread`` times the old.

    The first tree takes the mean, as it takes LightGBM's own starting value.
    """
    head, *blocks = text[: -len(_END)].split("\nTree=")
    trees: list[str] = []
    for place, block in enumerate(blocks):
        shift = mean if place == 0 else 0.0
        lines = [_scaled_line(line, shift, spread) for line in block.split("\n")]
        trees.append("Tree=" + "\n".join(lines))
    # A tree's size is that of its text with the line breaks around it, the last ends the list.
    ended = [tree + "\n" for tree in trees]
    sizes = " ".join(str(len(tree.encode())) for tree in ended)
    lines = [f"tree_sizes={sizes}" if s.startswith("tree_sizes=") else s for s in head.split("\n")]
    return "\n".join(lines) + "\n" + "".join(ended) + _END


def _scaled_line(line: str, shift: float, spread: float) -> str:
    name, sign, values = line.partition("=")
    if not sign or name not in ("leaf_value", "internal_value"):
        return line
    scaled = (float(value) * spread + shift for value in values.split())
    return f"{name}=" + " ".join(repr(value) for value in scaled)
