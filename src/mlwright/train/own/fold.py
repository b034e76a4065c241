"""What a training function of the user's own is given: rows, and what it may ask."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows to fit on, or to judge by.

    Parameters
    ----------
    X
        The prepared features: float64, rows x features.
    y
        The target: values, or each row's place in ``Context.classes`` as a whole number.
    frame
        The same rows before their preparation, as a polars table, the target among its columns.
    names
        The names of the features.
    weight
        How much each row counts beside the others; None where all count alike.
    """

    X: Matrix
    y: NDArray[np.float64] | NDArray[np.int64]
    frame: pl.DataFrame | None
    names: tuple[str, ...]
    weight: Matrix | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a training function may ask beside its rows.

    Parameters
    ----------
    seed
        What everything random has to follow from.
    classes
        The values of the target behind its numbers; empty for a regression.
    final
        Whether this is the fit that is kept: on all rows, so that none is left to judge by.
    name
        What the model is called.
    """

    seed: int
    classes: Sequence[object]
    final: bool
    name: str

    def log(self, what: str, value: object = "") -> None:
        """Write a line to standard error while the fit goes on."""
        print(f"{self.name}: {what} {value}".rstrip(), file=sys.stderr, flush=True)  # noqa: T201
