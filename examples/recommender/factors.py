"""Factors of implicit feedback by alternating least squares.

Source: Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, 2008.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

import mlwright as mw

Matrix = NDArray[np.float64]

ROUNDS, PENALTY, STEEPNESS = 10, 1.0, 5.0
WIDEST = 256
"""Categories are codes below this; one that was not seen has a code whose factors are zero."""


class Factors:
    """What planes and destinations have in common, as a few numbers of each."""

    def __init__(self, planes: Matrix, places: Matrix, mean: float, columns: list[int]) -> None:
        self.planes, self.places, self.mean, self.columns = planes, places, mean, columns

    def predict_proba(self, X: Matrix) -> Matrix:
        """Return the chances that each pair of ``X`` is not flown, and that it is."""
        plane, place = (np.nan_to_num(X[:, at], nan=WIDEST - 1).astype(int) for at in self.columns)
        score = self.mean + (self.planes[plane] * self.places[place]).sum(axis=1)
        chance = 1 / (1 + np.exp(-STEEPNESS * (score - 0.5)))
        return np.column_stack([1 - chance, chance])

    def to_bytes(self) -> bytes:
        """Return the factors as safetensors."""
        told = {"mean": np.array([self.mean]), "columns": np.array(self.columns)}
        return save({"planes": self.planes, "places": self.places, **told})

    @classmethod
    def from_bytes(cls, held: bytes) -> Factors:
        """Return the factors that :meth:`to_bytes` wrote."""
        kept = load(held)
        return cls(kept["planes"], kept["places"], float(kept["mean"][0]), kept["columns"].tolist())


@mw.train(recipe="tree")
def fit(train: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context) -> Factors:
    """Factorise the pairs seen, each as sure as it is; what is not in the table is not known."""
    columns = [train.names.index("plane"), train.names.index("destination")]
    rated, sure = np.zeros((WIDEST, WIDEST)), np.zeros((WIDEST, WIDEST))
    plane, place = (train.X[:, at].astype(int) for at in columns)
    weight = np.ones(len(train.y)) if train.weight is None else train.weight
    mean = float(np.average(train.y, weights=weight))
    rated[plane, place], sure[plane, place] = train.y - mean, weight
    drawn = np.random.default_rng(ctx.seed)
    planes = np.zeros((WIDEST, params["factors"]))
    places = drawn.normal(scale=0.1, size=(WIDEST, params["factors"]))
    for _ in range(ROUNDS):
        planes = _solved(places, rated, sure)
        places = _solved(planes, rated.T, sure.T)
    return Factors(planes, places, mean, columns)


def _solved(others: Matrix, rated: Matrix, sure: Matrix) -> Matrix:
    """Return the factors of each row that miss its ratings least, as sure as each is."""
    ridge = PENALTY * np.eye(others.shape[1])
    normal = np.einsum("ij,jk,jl->ikl", sure, others, others) + ridge
    return np.linalg.solve(normal, ((sure * rated) @ others)[..., None])[..., 0]
