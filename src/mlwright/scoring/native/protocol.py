"""What every native predictor can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Rows x features or rows x outputs, float64, in C order."""


class Native(Protocol):
    """A predictor; ``row`` gives for each row the bits that ``matrix`` gives.

    Both may be called from several threads at once. A predictor adds up *scores*: the value of a
    regression, the log-odds of the second of two classes, or one score a class, whose exponentials
    are the classes' shares before they are made to sum to 1.
    """

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the outputs for one row of features."""

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs for a matrix of features."""

    def scores(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the scores behind the outputs of one row."""

    def terms(self, features: Sequence[float]) -> Matrix:
        """Return scores x (features + 1): what each feature adds to each score, the base last.

        A row of it sums to its score but for rounding.
        """
