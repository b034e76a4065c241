"""What statistics give: values with the interval they are known to, rates by group."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupRates:
    """The rates of one group.

    ``compared`` names the gaps the group enters: those whose rate has enough rows beneath it. A
    rate with no rows at all is NaN. ``calibration`` is how much more often the group turned out
    positive than the model stated, NaN where that was not measured.
    """

    group: str
    rows: int
    positives: int
    selection_rate: float
    true_positive_rate: float
    false_positive_rate: float
    compared: tuple[str, ...]
    calibration: float = math.nan
