"""What every algorithm is given and gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Scalar
from mlwright.features.numbers import Matrix
from mlwright.train.records import OwnModel

if TYPE_CHECKING:
    import polars as pl

Vector = NDArray[np.float64]
Parameters = Mapping[str, int | float | str | bool]

_FARTHEST = 1e15  # spreads: squared it is still a number of 32 bits


class GivenUpError(Exception):
    """A fit was told that it need not go on, and gave nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is asked of an algorithm beside its rows.

    ``own`` is the model of the user's own that is fitted, ``labels`` what its classes are called,
    and ``hear`` hears what its fit tells and says whether that is to go on.

    ``classes`` is 0 for a regression; ``categorical`` are the places of the features that are
    codes without an order. The same problem and rows give the same bytes whatever ``threads`` is.
    Two parameters mean the same to every algorithm: ``balance`` (how far classes are evened out)
    and ``quantile``.
    """

    classes: int
    categorical: tuple[int, ...]
    parameters: Parameters
    seed: int
    threads: int
    own: OwnModel | None = None
    labels: tuple[Scalar, ...] = ()
    hear: Callable[[Mapping[str, Any]], bool] | None = None

    @property
    def quantile(self) -> float | None:
        """What share of the targets is to lie under the answer; None where the mean is asked."""
        asked = self.parameters.get("quantile")
        return None if asked is None or self.classes else float(asked)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Features and target (class indices or values) of some rows.

    ``weight`` says how much each row counts beside the others; None where all count alike.
    ``frame`` are the same rows before their preparation and ``names`` those of the features: for
    models of the user's own.
    """

    X: Matrix
    y: Vector
    weight: Vector | None = None
    frame: pl.DataFrame | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    """A predictor in its canonical bytes, and the parameters it was fitted with in the end."""

    content: bytes
    parameters: Parameters


def centre_and_spread(y: Vector, weight: Vector | None = None) -> tuple[float, float]:
    """Return the mean of values and their standard deviation, 1 where they do not vary.

    Measured in units of the largest value, so that no sum overflows.
    """
    unit = float(np.max(np.abs(y))) or 1.0
    if weight is None:
        mean, spread = float(np.mean(y / unit)), float(np.std(y / unit))
    else:
        share = weight / weight.sum()
        mean = float(np.sum(share * (y / unit)))
        spread = math.sqrt(float(np.sum(share * (y / unit - mean) ** 2)))
    spread *= unit
    return mean * unit, spread if math.isfinite(spread) and spread > 0.0 else 1.0


def in_spreads(y: Vector, mean: float, spread: float) -> Vector:
    """Return how many spreads values lie from a mean.

    A row that judges may lie beyond what libraries hold or square in 32 bits: it is moved in.

    >>> in_spreads(np.array([1.0, 1e300]), 0.0, 0.5).tolist()
    [2.0, 1000000000000000.0]
    """
    with np.errstate(over="ignore"):
        found: Vector = np.clip((y - mean) / spread, -_FARTHEST, _FARTHEST)
    return found
