"""How long a row takes, from a mapping of values to the answer, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice

import numpy as np

from mlwright.core.seam import Seam
from mlwright.scoring.records import Latency
from mlwright.scoring.scorer import Scorer

_WARM_UP = 50
_TIMED = 1_000


def measure(
    scorer: Scorer, seam: Seam, rows: Sequence[Mapping[str, object]] | None = None
) -> Latency:
    """Time single rows one by one, after a warm-up; the probe rows where none are given."""
    timed = scorer.probe_rows() if rows is None else rows
    for row in islice(cycle(timed), _WARM_UP):
        scorer.predict_row(row)
    seconds = np.empty(_TIMED)
    for place, row in enumerate(islice(cycle(timed), _TIMED)):
        start = seam.elapsed()
        scorer.predict_row(row)
        seconds[place] = seam.elapsed() - start
    p50, p99 = np.quantile(seconds, (0.5, 0.99))
    return Latency(_TIMED, float(p50), float(p99))
