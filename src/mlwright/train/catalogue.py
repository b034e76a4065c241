"""The catalogue of algorithms, and what every algorithm can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms import (
    additive,
    catboost,
    dummy,
    extra_trees,
    foreign,
    hist,
    lightgbm,
    linear,
    xgboost,
)
from mlwright.train.algorithms.problem import Learned, Parameters, Problem, Rows


class Algorithm(Protocol):
    """A module of ``train/algorithms``.

    The universal promise, held by a test over the whole catalogue: the same rows and problem give
    the same bytes, in any process and with any number of threads.
    """

    RECIPE: Recipe
    DEFAULTS: Parameters
    """What a configuration leaves unsaid."""

    def fit(self, rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
        """Learn from rows; ``judging`` rows may decide when to stop, and nothing else."""

    def answer(self, content: bytes, X: Matrix, problem: Problem) -> Matrix:
        """Return rows x classes of probabilities, or rows x 1 of values."""


ALGORITHMS: Mapping[str, Algorithm] = {
    "dummy": dummy,
    "linear": linear,
    "lightgbm": lightgbm,
    "xgboost": xgboost,
    "catboost": catboost,
    "hist": hist,
    "extra_trees": extra_trees,
    "additive": additive,
    "foreign": foreign,
}
