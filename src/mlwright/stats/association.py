"""Whether two things go together: tests by the normal approximation, and many tests at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ShareShift:
    """A share inside and outside a group, and the chance of such a difference by luck."""

    inside: float
    outside: float
    chance: float


def share_shift(positive: _Mask, group: _Mask) -> ShareShift:
    """Compare a share within a group with the share outside it (chi-squared, corrected by Yates).

    >>> import numpy as np
    >>> group = np.arange(400) < 200
    >>> share_shift(np.arange(400) % 2 == 0, group).chance
    1.0
    """
    hits = int((positive & group).sum())
    return count_shift(hits, int(group.sum()), int(positive.sum()), len(group))


def count_shift(hits: int, inside: int, positive: int, total: int) -> ShareShift:
    """Compare ``hits`` of ``inside`` with the rest of ``positive`` of ``total``, likewise.

    >>> count_shift(100, 200, 200, 400).chance
    1.0
    """
    outside, others = total - inside, positive - hits
    pooled = positive / total
    expected = pooled * inside
    spread = math.sqrt(pooled * (1 - pooled) * inside * outside / total)
    score = max(0.0, abs(hits - expected) - 0.5) / spread if spread else 0.0
    return ShareShift(hits / inside, others / outside, math.erfc(score / math.sqrt(2)))


def rank_shift(ranks: npt.NDArray[np.float64], group: _Mask) -> float:
    """Return the chance that ranks within a group differ so from the others' by luck.

    Mann and Whitney's test (1947) by the normal approximation; ``ranks`` are mean ranks, and
    their own spread corrects for ties.
    """
    inside, total = int(group.sum()), len(ranks)
    expected = inside * float(ranks.mean())
    variance = inside * (total - inside) / total * float(ranks.var(ddof=1))
    if not variance:
        return 1.0
    score = abs(float(ranks[group].sum()) - expected) / math.sqrt(variance)
    return math.erfc(score / math.sqrt(2))


def benjamini_hochberg(chances: Sequence[float], rate: float) -> list[bool]:
    """Return which of many tests to believe, of which ``rate`` at most are wrong on average.

    >>> benjamini_hochberg([0.001, 0.04, 0.6], 0.05)
    [True, False, False]
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = 0
    for number, place in enumerate(order, start=1):
        if chances[place] <= rate * number / len(chances):
            last = number
    believed = set(order[:last])
    return [place in believed for place in range(len(chances))]
