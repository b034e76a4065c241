"""Distances to the centres of clusters, from the JSON that training writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from mlwright.scoring.native.broken import predictor_broken
from mlwright.scoring.native.protocol import Matrix
from mlwright.stats.clusters import squares_to

FORMAT = "mlwright/centres/1"


class CentresModel:
    """One output a cluster, the distance to its centre; the scores are these squared."""

    def __init__(self, content: bytes, *, features: int, outputs: int) -> None:
        try:
            read = json.loads(content)
            self._centres = np.array(read["centres"], dtype=np.float64)
            self._reach = float(read["reach"])
        except (ValueError, KeyError, TypeError) as error:
            raise predictor_broken("it is not the JSON of centres") from error
        if read.get("format") != FORMAT or self._centres.shape != (outputs, features):
            raise predictor_broken(f"{self._centres.shape} centres for {features} features")

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the distance to each centre for one row."""
        return tuple(self.matrix(np.array([features], dtype=np.float64))[0].tolist())

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x clusters."""
        return np.sqrt(squares_to(self._bounded(X), self._centres))

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the squared distance to each centre."""
        X = np.array([features], dtype=np.float64)
        return tuple(squares_to(self._bounded(X), self._centres)[0].tolist())

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return what each feature adds to each squared distance; the base is 0."""
        X = self._bounded(np.array([features], dtype=np.float64))
        return np.hstack([(X - self._centres) ** 2, np.zeros((len(self._centres), 1))])

    def _bounded(self, X: Matrix) -> Matrix:
        return np.clip(X, -self._reach, self._reach)
