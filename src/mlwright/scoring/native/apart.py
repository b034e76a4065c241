"""What each feature adds to each score, of many rows at once where a predictor can."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from mlwright.scoring.native.protocol import Matrix, Native


@runtime_checkable
class TakesApart(Protocol):
    """A predictor that takes many rows apart in one call."""

    def terms_of(self, X: Matrix) -> Matrix:
        """Return rows x scores x (features + 1), the bits of ``terms`` of each row."""


def terms_of(native: Native, X: Matrix) -> Matrix:
    """Return what each feature adds to each score: rows x scores x (features + 1), base last."""
    if isinstance(native, TakesApart):
        return native.terms_of(X)
    return np.stack([native.terms(row) for row in X.tolist()])
