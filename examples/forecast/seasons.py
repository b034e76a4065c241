"""The same hour of the same weekday, recent weeks counting most: exponential smoothing by season.

Source: Winters, Forecasting Sales by Exponentially Weighted Moving Averages, 1960, without a trend.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mlwright as mw

Matrix = NDArray[np.float64]
SEASON = ("origin", "hour_of_departure:weekday", "hour_of_departure:hour")


class Seasons:
    """The level of each airport, weekday and hour at the end of what was learned from."""

    def __init__(self, levels: dict[str, float], mean: float, places: list[int]) -> None:
        self.levels, self.mean, self.places = levels, mean, places

    def predict(self, X: Matrix) -> Matrix:
        """Return the level of each row's season; one that was never seen has the mean."""
        return np.array([self.levels.get(_name(row[self.places]), self.mean) for row in X])

    def to_bytes(self) -> bytes:
        """Return the levels as JSON."""
        told = {"levels": self.levels, "mean": self.mean, "places": self.places}
        return json.dumps(told).encode()

    @classmethod
    def from_bytes(cls, held: bytes) -> Seasons:
        """Return the model that :meth:`to_bytes` wrote."""
        return cls(**json.loads(held))


@mw.train(recipe="tree")
def fit(train: mw.Fold, valid: mw.Fold | None, params: dict[str, Any], ctx: mw.Context) -> Seasons:
    """Smooth each season over its weeks, ``memory`` of which matter."""
    places = [train.names.index(name) for name in SEASON]
    when = train.frame["hour_of_departure"].to_numpy()
    share = 2 / (params["memory"] + 1)
    levels: dict[str, float] = {}
    for at in np.argsort(when, kind="stable"):
        season, value = _name(train.X[at, places]), float(train.y[at])
        before = levels.get(season, value)
        levels[season] = before + share * (value - before)
    return Seasons(levels, float(train.y.mean()), places)


def _name(season: Matrix) -> str:
    return " ".join(f"{each:g}" for each in season)
