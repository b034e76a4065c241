"""How far a column of numbers goes on, told from quantiles that a few wrong values cannot move.

Beyond the last hundredth a tail goes on as its last third, tenth and hundredth are spaced (after
Pickands 1975), never as a lighter tail than an exponential one. The limits are where less than one
clean value in 100 columns of the same length would lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FALSE_RATE = 0.01
"""How many clean values lie outside the limits, a column, if its tails go on as they do inside."""

FEWEST = 320
_FEWEST_ABOVE = 10
_STEP = math.sqrt(10.0)
_LEAST_SPACING = 0.1
_HEAPED = 0.5
_OFF = 10.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a column's values can be expected, and where the middle nine tenths of them lie."""

    low: float
    high: float
    usual_low: float
    usual_high: float


def limits(values: Numbers, rows: int) -> Limits | None:
    """Return the limits of sorted values; None for too few, or too few different ones.

    A value that more than half of the column holds, such as no gain, is set aside first.
    ``rows`` is how many are to be judged, of which ``values`` may be a part.
    """
    bulk = _without_heap(values)
    if len(bulk) < FEWEST or len(_different(bulk[:: max(1, len(bulk) // 2_000)])) <= _FEWEST_ABOVE:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = -_beyond(-bulk[::-1], rows), _beyond(bulk, rows)
        if bulk[len(bulk) // 1000] > 0 and _stands_off(bulk[bulk > 0]):
            # Of amounts, what is far too small shows on a scale of ratios alone.
            low = max(low, float(np.exp(-_beyond(-np.log(bulk[bulk > 0])[::-1], rows))))
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    heap = values[len(values) // 2]
    usual = _quantiles(bulk, 0.05, 0.95)
    return Limits(min(low, heap), max(high, heap), float(usual[0]), float(usual[1]))


def _different(values: Numbers) -> Numbers:
    """Return sorted values each once."""
    return np.asarray(values[np.concatenate([[True], values[1:] != values[:-1]])])


def _quantiles(values: Numbers, *shares: float) -> Numbers:
    """Return the least of sorted values that so large a share of them do not exceed."""
    ranks = np.ceil(np.array(shares) * len(values)).astype(np.int64)
    return np.asarray(values[np.maximum(ranks, 1) - 1])


def _without_heap(values: Numbers) -> Numbers:
    if not len(values):
        return values
    middle = values[len(values) // 2]
    start, end = np.searchsorted(values, middle, "left"), np.searchsorted(values, middle, "right")
    if end - start <= _HEAPED * len(values):
        return values
    return np.concatenate([values[:start], values[end:]])


def _stands_off(above: Numbers) -> bool:
    """Whether amounts keep away from zero by more than their own steps: a count from 0 does not."""
    least = _different(above[: len(above) // 20 + 1])[:20]
    return len(least) > 1 and bool(least[0] > _OFF * np.median(np.diff(least)))


def _beyond(values: Numbers, rows: int) -> float:
    """Return the limit above sorted values."""
    count = len(values)
    top = max(0.01, _FEWEST_ABOVE / count)
    middle, early, shoulder, near, far = _quantiles(
        values, 0.5, 1 - _STEP**3 * top, 1 - _STEP**2 * top, 1 - _STEP * top, 1 - top
    )
    spacing = max(far - near, (near - shoulder) / 2, _LEAST_SPACING * (shoulder - middle))
    growth = 1.0
    if shoulder > early:
        # Over two steps: one alone is too rough where values are round.
        growth = min(max(math.sqrt((far - near) / (shoulder - early)), 1.0), _STEP)
    steps = 2 * math.log10(top * max(rows, count) / FALSE_RATE)
    if growth == 1.0:
        return float(far + spacing * steps)
    return float(far + spacing * growth * (growth**steps - 1) / (growth - 1))
