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

    Both may be called from several threads at once.
    """

    def row(self, features: Sequence[float]) -> tuple[float, ...]:
        """Return the outputs for one row of features."""

    def matrix(self, X: Matrix) -> Matrix:
        """Return rows x outputs for a matrix of features."""
