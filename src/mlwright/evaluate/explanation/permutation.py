"""How much worse a model answers when one column's cells are dealt out anew among the rows.

A column is shuffled as it was read, before any feature is made of it, so that everything made of
it loses its meaning at once. Two columns that tell the same share what they are worth between
them: each alone may seem worth little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.evaluate.explanation.tables import Answers, shuffled
from mlwright.evaluate.truth import Judged, units_of
from mlwright.stats.bootstrap import observed, replicates, summarise
from mlwright.stats.counts import FloatArray, Statistic
from mlwright.stats.metrics import Metric
from mlwright.stats.records import Interval


def losses(
    judged: Judged,
    columns: Sequence[str],
    answers: Answers,
    metric: Metric,
    *,
    repeats: int,
    resamples: int,
    unit: str | None,
    seed: int,
) -> dict[str, Interval]:
    """Return for each column how much worse the metric is without it; all on the same resamples.

    Parameters
    ----------
    repeats
        How often each column is shuffled; their mean is what counts.
    unit
        The column of the split's units: whole units are resampled.
    """
    count = len(judged.y)
    frame = judged.table.frame
    statistics: list[Statistic] = [metric.statistic(judged.y, answers(frame))]
    for place, column in enumerate(columns):
        orders = [
            np.random.Generator(np.random.PCG64([seed, place, repeat])).permutation(count)
            for repeat in range(repeats)
        ]
        found = answers(shuffled(frame, column, orders)).reshape(repeats, count, -1)
        statistics += [metric.statistic(judged.y, each) for each in found]
    units = units_of(judged.table, unit)
    drawn = replicates(statistics, count, seed=seed, resamples=resamples, units=units)
    seen = observed(statistics, count)
    sign = 1.0 if metric.greater_is_better else -1.0

    def loss(values: FloatArray, place: int) -> FloatArray:
        begin = 1 + place * repeats
        with np.errstate(invalid="ignore"):  # infinite less infinite is not defined
            found: FloatArray = values[0] - values[begin : begin + repeats].mean(axis=0)
        return sign * found + 0.0

    return {
        column: summarise(float(loss(seen, place)), loss(drawn, place))
        for place, column in enumerate(columns)
    }
