"""The rows of a table nearest to one row, in the space the model sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.data.records import Kind
from mlwright.features.catalogue import transform_columns
from mlwright.features.records import FittedStep, Preparation
from mlwright.stats.spread import apart, deviation_of, mean_of

if TYPE_CHECKING:
    import polars as pl

Numbers = NDArray[np.float64]

DISTANCE = (
    "Euclidean over the model's features, each column counted once: a number in standard"
    " deviations of its column in this data, a category, truth value or missing cell 0 or 1"
)
"""How far apart two rows are, in words."""

_ALIKE = frozenset({"ordinal", "one_hot", "indicator"})


def distances(
    preparation: Preparation, frame: pl.DataFrame, features: Sequence[float]
) -> tuple[Numbers, Numbers]:
    """Return how far each row of a table is from one, and each feature's mean over the table.

    Parameters
    ----------
    features
        The one row, prepared.
    """
    squares = np.zeros(frame.height)
    means: list[Numbers] = []
    place = 0
    for step in preparation.steps:
        width = len(step.outputs)
        cells = transform_columns(step, frame)
        squares += _squares(step, cells, np.array(features[place : place + width]))
        means.append(_means(cells))
        place += width
    return np.sqrt(squares), np.concatenate(means) if means else np.zeros(0)


def _squares(step: FittedStep, cells: Numbers, one: Numbers) -> Numbers:
    """Return the squared distance in one step: of several outputs their mean."""
    if step.step in _ALIKE or step.kind is Kind.BOOLEAN:
        unlike: Numbers = np.any(_differs(cells, one), axis=1).astype(np.float64)
        return unlike
    known = np.where(np.isfinite(cells), cells, np.nan)
    spread = np.array([_spread(column) for column in known.T])
    far = apart(cells, one, spread)
    unlike = np.where(np.isnan(far), _differs(cells, one), far)
    with np.errstate(over="ignore"):  # beyond all numbers: infinitely far
        found: Numbers = np.mean(unlike**2, axis=1)
    return found


def _differs(cells: Numbers, one: Numbers) -> NDArray[np.bool_]:
    """Return which cells are not the one; two that are missing are the same."""
    differs: NDArray[np.bool_] = (cells != one) & ~(np.isnan(cells) & np.isnan(one))
    return differs


def _spread(column: Numbers) -> float:
    return deviation_of(column[~np.isnan(column)]) or 1.0


def _means(cells: Numbers) -> Numbers:
    known = np.where(np.isfinite(cells), cells, 0.0)
    return np.array([mean_of(column) for column in known.T])
