"""From answers to decisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray

Costs = Sequence[Sequence[float]]
"""What it costs to decide for one class (column) where another is true (row)."""


def predicted_classes(answers: FloatArray) -> IntArray:
    """Return the index of the most probable class; on a tie the first (so .5 is negative).

    >>> predicted_classes(np.array([[0.5, 0.5], [0.4, 0.6]])).tolist()
    [0, 1]
    """
    found: IntArray = np.argmax(answers, axis=1)
    return found


def decided(answers: FloatArray, costs: Costs) -> IntArray:
    """Return the index of the class that costs least to expect; without costs the most probable.

    On a tie it is the first (Elkan 2001).

    >>> decided(np.array([[0.7, 0.3], [0.9, 0.1]]), [[0.0, 1.0], [5.0, 0.0]]).tolist()
    [1, 0]
    """
    if not costs:
        return predicted_classes(answers)
    expected = np.zeros((len(answers), len(costs)))
    # Class by class, so that a row alone and a table give the same bits.
    for true, of_true in enumerate(costs):
        expected += answers[:, true : true + 1] * np.array(of_true)
    found: IntArray = np.argmin(expected, axis=1)
    return found


def decided_row(answer: Sequence[float], costs: Costs) -> int:
    """Return what :func:`decided` does for one row, without an array."""
    if not costs:
        return answer.index(max(answer))
    expected = [0.0] * len(costs)
    for share, of_true in zip(answer, costs, strict=True):
        expected = [sum_ + share * cost for sum_, cost in zip(expected, of_true, strict=True)]
    return expected.index(min(expected))
