"""A linear regression of the logarithm of a price, told back as a price."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray

import mlwright as mw


class LogPrice:
    """Coefficients with the interval of each, and what the logarithm takes away.

    The mean of exp(residual) makes the expectation of a price out of that of its logarithm.
    Source: Duan, Smearing Estimate: A Nonparametric Retransformation Method, 1983.
    """

    def __init__(
        self, coefficients: dict[str, list[float]], smearing: float, bounds: list[float]
    ) -> None:
        self.coefficients, self.smearing, self.bounds = coefficients, smearing, bounds
        self.values = np.array([value for value, _, _ in coefficients.values()])

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the price of each row of ``X``, rows x features, within those that were seen."""
        logarithm = (X * self.values[1:]).sum(axis=1) + self.values[0]
        return np.exp(np.clip(logarithm, *self.bounds)) * self.smearing

    def to_bytes(self) -> bytes:
        """Return the coefficients and their intervals as JSON."""
        told = {"smearing": self.smearing, "bounds": self.bounds}
        return json.dumps({"coefficients": self.coefficients, **told}).encode()

    @classmethod
    def from_bytes(cls, held: bytes) -> LogPrice:
        """Return the model that :meth:`to_bytes` wrote."""
        return cls(**json.loads(held))


@mw.train
def fit(train: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context) -> LogPrice:
    """Fit by least squares."""
    logarithm = np.log(train.y)
    fitted = sm.OLS(logarithm, sm.add_constant(train.X, has_constant="add")).fit()
    names = ("intercept", *train.names)
    found = np.column_stack([fitted.params, fitted.conf_int()])
    coefficients = {name: row.tolist() for name, row in zip(names, found, strict=True)}
    smearing = float(np.exp(fitted.resid).mean())
    return LogPrice(coefficients, smearing, [float(logarithm.min()), float(logarithm.max())])
