"""What can be fitted without a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mlwright.features.numbers import Matrix
from mlwright.train.algorithms.problem import Parameters
from mlwright.train.records import TaskKind
from mlwright.train.unsupervised import centres, usual


class Unsupervised(Protocol):
    """A module beside this one: the same rows and parameters give the same bytes, anywhere."""

    def fit(self, X: Matrix, parameters: Parameters, seed: int) -> bytes:
        """Return a predictor in its canonical bytes."""

    def answer(self, content: bytes, X: Matrix) -> Matrix:
        """Return rows x outputs."""


UNSUPERVISED: Mapping[str, Unsupervised] = {"usual": usual, "centres": centres}

ALGORITHM_OF = {TaskKind.ANOMALY: "usual", TaskKind.CLUSTERING: "centres"}
ANSWER_OF = {TaskKind.ANOMALY: "p_value", TaskKind.CLUSTERING: "cluster"}
"""What is answered, in the place of a target."""

METRIC_OF = {TaskKind.ANOMALY: "planted_auc", TaskKind.CLUSTERING: "silhouette"}
