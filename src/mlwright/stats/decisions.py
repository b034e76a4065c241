"""From answers to decisions."""

from __future__ import annotations

import numpy as np

from mlwright.stats.counts import FloatArray, IntArray


def predicted_classes(answers: FloatArray) -> IntArray:
    """Return the index of the most probable class; on a tie the first (so .5 is negative).

    >>> predicted_classes(np.array([[0.5, 0.5], [0.4, 0.6]])).tolist()
    [0, 1]
    """
    found: IntArray = np.argmax(answers, axis=1)
    return found
