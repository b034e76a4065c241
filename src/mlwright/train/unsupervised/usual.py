"""How unusual a row is, as a conformal p-value; the content is JSON of :mod:`stats.usual`.

Every third row is kept apart from what is learnt, so that the p-values hold on new rows.
"""

from __future__ import annotations

import json

import numpy as np

from mlwright.core.encoding import canonical_json
from mlwright.features.numbers import Matrix
from mlwright.stats import usual
from mlwright.train.algorithms.problem import Parameters

FORMAT = "mlwright/usual/1"
APART = 3


def fit(X: Matrix, parameters: Parameters, seed: int) -> bytes:  # noqa: ARG001
    """Return what rows are like."""
    apart = np.arange(len(X)) % APART == APART - 1
    model = usual.learn(X[~apart], X[apart])
    return canonical_json({"format": FORMAT, **usual.written(model)})


def answer(content: bytes, X: Matrix) -> Matrix:
    """Return rows x 1: the share of rows that are as unusual."""
    model = usual.read(json.loads(content))
    return usual.chance(model, usual.score(model, X)).reshape(-1, 1)
