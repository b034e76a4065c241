"""Arithmetic over lines of counts: how often each row of a table counts in each resample."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Statistic = Callable[[FloatArray], FloatArray]
"""Gives the metric for each line of counts (lines x rows, whole numbers as float64).

``counts[k, i]`` says how often row ``i`` counts in line ``k``: all ones for the rows as they are,
and one line for each resample. The bits of a line's result do not depend on the other lines.
"""


def undefined(counts: FloatArray) -> FloatArray:
    """Return NaN for each line of counts."""
    return np.full(len(counts), math.nan)


def total(values: FloatArray) -> FloatArray:
    """Return each line's sum, in numpy's own pairwise order.

    Not by BLAS, whose bits depend on the number of threads and on the processor.
    """
    summed: FloatArray = np.add.reduce(values, axis=-1)
    return summed


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return ``above / below``, NaN where ``below`` is not positive."""
    out = np.full(np.shape(below), math.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Return the mean over the last axis of what is not NaN, NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(total(np.where(defined, values, 0.0)), total(defined.astype(np.float64)))


def counted_cells(cell: IntArray, cells: int, counts: FloatArray) -> FloatArray:
    """Return lines x cells: how often each cell holds a counted row; ``cell`` is each row's."""
    found = [np.bincount(cell, weights=line, minlength=cells) for line in counts]
    return np.array(found, dtype=np.float64).reshape((len(counts), cells))
