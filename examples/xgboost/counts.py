"""Counts by boosted trees: the logarithm of the expectation is what the trees add up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from xgboost import Booster, DMatrix, train

import mlwright as mw


class Counts:
    """Boosted trees that foretell a count, kept in XGBoost's own format."""

    def __init__(self, booster: Booster) -> None:
        self.booster = booster

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the expected count of each row of ``X``, rows x features."""
        return self.booster.predict(DMatrix(X, nthread=1)).astype(np.float64)

    def to_bytes(self) -> bytes:
        """Return the trees in XGBoost's binary JSON: no pickle is needed."""
        return bytes(self.booster.save_raw("ubj"))

    @classmethod
    def from_bytes(cls, held: bytes) -> Counts:
        """Return the trees that :meth:`to_bytes` wrote."""
        return cls(Booster({"nthread": 1}, model_file=bytearray(held)))


@mw.train(recipe="tree")
def fit(
    train_rows: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context
) -> Counts:
    """Fit 200 trees to the Poisson deviance."""
    asked = {
        "objective": "count:poisson",
        "max_depth": params["depth"],
        "eta": 0.1,
        "nthread": 1,
        "seed": ctx.seed,
    }
    rows = DMatrix(train_rows.X, train_rows.y, weight=train_rows.weight, nthread=1)
    return Counts(train(asked, rows, num_boost_round=200))
