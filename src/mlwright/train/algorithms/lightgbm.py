"""Gradient boosted trees; the only module that knows LightGBM's package.

The content is LightGBM's own text, cut after the trees: what follows are the parameters, among
them the number of threads, and sums over the trees. Features go by place, because LightGBM
refuses some characters in names. Values of a regression are learned centred and scaled, because
LightGBM keeps targets in 32 bits, and the leaves are scaled back in the text. What only describes
the training (gains, weights of nodes) is left out of it, which halves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms.problem import (
    Learned,
    Parameters,
    Problem,
    Rows,
    Vector,
    centre_and_spread,
    in_spreads,
)
from mlwright.train.algorithms.weights import multipliers, taken_back, weight_of
from mlwright.train.threads import wait_passively

if TYPE_CHECKING:
    import lightgbm

RECIPE: Recipe = "tree"

DEFAULTS: Parameters = {
    "trees": 400,
    "rate": 0.06,
    "leaves": 31,
    "smallest_leaf": 20,
    "row_share": 0.8,
    "column_share": 0.7,
    "l2": 0.0,
    "bins": 255,
    "random_thresholds": False,
    "unordered": False,
}

PATIENCE = 30
"""Trees without a gain on the judging rows after which no more are added."""

_END = "end of trees\n"
_LARGEST_SEED = 2**31 - 1
_DESCRIBING = ("split_gain", "leaf_weight", "internal_value", "internal_weight")


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return boosted trees: as many as ``trees`` says, or as the judging rows like best."""
    asked = {**DEFAULTS, **problem.parameters}
    learning = learning_rows(rows, problem)
    unordered = problem.categorical if asked["unordered"] else ()
    text, trees = grown(
        parameters_for(asked, rows, problem),
        learning.of(rows),
        int(asked["trees"]),
        judging=None if judging is None else learning.of(judging),
        unordered=unordered,
    )
    content = rewritten(text, learning.starts, learning.spread)
    return Learned(content.encode(), {**problem.parameters, "trees": trees})


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """How rows are learned from, and how scores come back from it.

    Values are learned centred and scaled; classes with the weight their balance gives them.
    """

    mean: float
    spread: float
    factors: Vector

    def of(self, rows: Rows) -> Rows:
        """Return rows as they are learned from."""
        y = rows.y if len(self.factors) else in_spreads(rows.y, self.mean, self.spread)
        return Rows(rows.X, y, weight_of(rows, self.factors))

    @property
    def starts(self) -> list[float]:
        """Where each score starts when it comes back."""
        found = taken_back(self.factors) if len(self.factors) else np.array([self.mean])
        starts: list[float] = found.tolist()
        return starts


def learning_rows(rows: Rows, problem: Problem) -> Learning:
    """Return how rows of a problem are learned from."""
    mean, spread = (0.0, 1.0) if problem.classes else centre_and_spread(rows.y, rows.weight)
    return Learning(mean, spread, multipliers(rows, problem))


def grown(
    parameters: Mapping[str, Any],
    rows: Rows,
    trees: int,
    *,
    judging: Rows | None = None,
    unordered: Sequence[int] = (),
    scores: Matrix | None = None,
) -> tuple[str, int]:
    """Return the text of trees grown by the library, cut after them, and their count.

    Parameters
    ----------
    rows, judging
        Targets and weights as they are learned from.
    unordered
        Places of the features that are codes without an order.
    scores
        Rows x scores that are there already, which the trees add to.
    """
    wait_passively()
    import lightgbm

    there = scores[:, 0] if scores is not None and scores.shape[1] == 1 else scores

    def dataset(of: Rows, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            of.X,
            of.y,
            weight=of.weight,
            reference=reference,
            init_score=there if reference is None else None,
            feature_name=[f"f{place}" for place in range(of.X.shape[1])],
            categorical_feature=list(unordered),
            params=dict(parameters),
        )

    data = dataset(rows)
    watched: dict[str, Any] = {}
    if judging is not None:
        watched = {
            "valid_sets": [dataset(judging, data)],
            "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)],
        }
    booster = lightgbm.train(dict(parameters), data, trees, **watched)
    count = booster.best_iteration if judging is not None else booster.current_iteration()
    text = booster.model_to_string(num_iteration=count)
    return text[: text.index(_END) + len(_END)], count


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    found = _predicted(content, X, problem, raw=False)
    if problem.classes == 2:
        return np.column_stack([1.0 - found, found])
    return found.reshape(len(X), -1)


def scores(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return rows x scores: the sums over the trees."""
    return _predicted(content, X, problem, raw=True).reshape(len(X), -1)


def _predicted(content: bytes, X: Matrix, problem: Problem, *, raw: bool) -> Matrix:
    wait_passively()
    import lightgbm

    booster = lightgbm.Booster(model_str=content.decode())
    found = booster.predict(X, num_threads=problem.threads, raw_score=raw)
    return np.asarray(found, dtype=np.float64)


def parameters_for(asked: Parameters, rows: Rows, problem: Problem) -> dict[str, Any]:
    """Return what the library is told."""
    row_share = float(asked["row_share"])
    objective = {0: "regression", 2: "binary"}.get(problem.classes, "multiclass")
    told: dict[str, Any] = {"objective": objective}
    if objective == "multiclass":
        told["num_class"] = problem.classes
    if problem.quantile is not None:
        told = {"objective": "quantile", "alpha": problem.quantile}
    return {
        **told,
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


def rewritten(text: str, starts: Sequence[float], spread: float) -> str:
    """Return a model's text whose sums over the trees are moved, without what describes training.

    Each score becomes ``spread`` times the old one plus its start. The first tree of a score takes
    the start, as it takes LightGBM's own.
    """
    head, *blocks = text[: -len(_END)].split("\nTree=")
    trees: list[str] = []
    for place, block in enumerate(blocks):
        shift = starts[place] if place < len(starts) else 0.0
        kept = (line for line in block.split("\n") if not line.startswith(_DESCRIBING))
        moves = (shift, spread) != (0.0, 1.0)
        lines = [_moved(line, shift, spread) if moves else line for line in kept]
        trees.append("Tree=" + "\n".join(lines))
    # A tree's size is that of its text with the line breaks around it, the last ends the list.
    ended = [tree + "\n" for tree in trees]
    sizes = " ".join(str(len(tree.encode())) for tree in ended)
    lines = [f"tree_sizes={sizes}" if s.startswith("tree_sizes=") else s for s in head.split("\n")]
    return "\n".join(lines) + "\n" + "".join(ended) + _END


def _moved(line: str, shift: float, spread: float) -> str:
    name, _, values = line.partition("=")
    if name != "leaf_value":
        return line
    return f"{name}=" + " ".join(repr(float(value) * spread + shift) for value in values.split())
