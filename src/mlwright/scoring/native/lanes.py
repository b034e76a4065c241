"""One thread's way from a row's features, packed in any order, to its answer.

Features come as bytes, eight a number, and are put in the order a predictor reads by one call into
memory that stays where it is: nothing is made anew from row to row. The bits are those of
:meth:`mlwright.scoring.native.protocol.Native.row`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mlwright.scoring.native.protocol import Matrix, Native

Lane = Callable[[bytes], tuple[float, ...]]
"""From the packed features of one row to its outputs; of one thread alone."""

Fill = Callable[[], object]
"""Puts the features of the row at hand where a predictor reads them."""


class Held:
    """The features of the row at hand: ``view[:] = packed`` takes those of another.

    Parameters
    ----------
    order
        Of each number that is packed, the place of its feature.
    """

    def __init__(self, order: Sequence[int]) -> None:
        self._flat = np.empty(len(order))
        self._at = inverse(order)
        self.view = self._flat.data.cast("B")

    def read(self, places: Sequence[int] | None) -> tuple[Fill, Matrix]:
        """Return memory for the features at some places, all where None, and what fills it."""
        at = self._at if places is None else self._at[np.array(places, dtype=np.intp)]
        if len(at) == len(self._flat) and (np.diff(at) == 1).all():
            return repeat(None).__next__, self._flat
        row = np.empty(len(at))
        # No place lies beyond them; to look for such would cost a copy.
        return partial(self._flat.take, at, None, row, "clip"), row


def inverse(order: Sequence[int]) -> NDArray[np.intp]:
    """Return where among the packed numbers each feature is.

    >>> inverse([2, 0, 1]).tolist()
    [1, 2, 0]
    """
    return np.argsort(np.array(order, dtype=np.intp), kind="stable")


@runtime_checkable
class Laned(Protocol):
    """A predictor with a way of its own."""

    def lane(self, order: Sequence[int]) -> Lane:
        """Return a thread's way from features packed in an order to the outputs."""


def lane_of(native: Native, order: Sequence[int]) -> Lane:
    """Return a thread's way to the outputs of any predictor."""
    if order and isinstance(native, Laned):
        return native.lane(order)
    at = inverse(order)
    return lambda packed: native.row(np.frombuffer(packed)[at].tolist())


def shares_of_two(score: float) -> tuple[float, float]:
    """Return the shares of two classes whose scores are 0 and this one.

    The larger is raised to exactly 1.

    >>> shares_of_two(0.0)
    (0.5, 0.5)
    """
    smaller = float(np.exp(-abs(score)))
    total = smaller + 1.0
    low, high = smaller / total, 1.0 / total
    return (low, high) if score > 0.0 else (high, low)
