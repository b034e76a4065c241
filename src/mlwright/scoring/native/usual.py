"""How unusual a row is, from the JSON that training writes: a conformal p-value.

The score is the sum over the features of what each adds; its reasons are exact.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.protocol import Matrix
from mlwright.stats import usual

FORMAT = "mlwright/usual/1"


class UsualModel:
    """One output, the p-value; one score, how far the row lies from what is usual."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        try:
            read = json.loads(content)
            self._model = usual.read(read)
        except (ValueError, KeyError, TypeError) as error:
            raise predictor_broken("it is not the JSON of what is usual") from error
        if read.get("format") != FORMAT or outputs != 1 or len(self._model.points) != features:
            raise predictor_broken(f"it knows {len(self._model.points)} features of {features}")

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the p-value of one row."""
        return tuple(self.matrix(np.array([features], dtype=np.float64))[0].tolist())

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x 1."""
        return usual.chance(self._model, usual.score(self._model, X)).reshape(-1, 1)

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return how far one row lies from what is usual; 1 is middling."""
        return (float(usual.score(self._model, np.array([features], dtype=np.float64))[0]),)

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return what each feature adds to the score; the base is 0."""
        added = usual.terms(self._model, np.array([features], dtype=np.float64))
        return np.hstack([added, np.zeros((1, 1))])
