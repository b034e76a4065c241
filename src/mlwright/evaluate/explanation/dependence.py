"""What a model answers on average along one column, and how many rows lie near each value.

Every row of a background gets the same value in the column, all its other cells as they are
(partial dependence). Where hardly a row lies, or where the other cells do not go with the value,
the answer is one about rows that nobody has seen: the counts are there to tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from mlwright.data.records import Column, Kind, Scalar
from mlwright.evaluate.explanation.records import Dependence, Level
from mlwright.evaluate.explanation.tables import Answers, set_to
from mlwright.features.numbers import missing_in
from mlwright.stats.counts import FloatArray
from mlwright.stats.records import Interval

POINTS = 12
"""Points on an axis, at most; and categories."""

_FEWEST_POINTS = 8
_SHARES = (0.01, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.99)
_NORMAL = 1.959963984540054  # of a 95 % interval
_LAST_WHOLE = float(np.nextafter(2.0**63, 0))  # what is above does not fit into 64 bits


def dependence(
    column: Column,
    seen: pl.DataFrame,
    background: pl.DataFrame,
    answers: Answers,
    classes: Sequence[Scalar],
) -> Dependence | None:
    """Return the mean answers along a column; None where no cell of it is known.

    Of several classes it is about the one whose probability moves most.

    Parameters
    ----------
    seen
        The rows that are counted; ``background`` those whose answers are averaged.
    """
    cells = seen[column.name]
    missing = missing_in(cells)
    known = cells.filter(~missing)
    if not len(known):
        return None
    ordered = column.kind not in (Kind.STRING, Kind.BOOLEAN)
    values, counts = _points(known, column.kind) if ordered else _categories(known)
    shown = values.extend(pl.Series([None], dtype=values.dtype)) if missing.any() else values
    counts = [*counts, *([int(missing.sum())] if missing.any() else [])]
    found = answers(set_to(background, shown)).reshape(len(shown), background.height, -1)
    output = _most_moved(found)
    levels = tuple(
        Level(_scalar(value), count, _mean(each[:, output]))
        for value, count, each in zip(shown, counts, found, strict=True)
    )
    return Dependence(
        column=column.name,
        kind=column.kind,
        output=classes[output] if classes else None,
        ordered=ordered,
        levels=levels,
        unshown=len(cells) - sum(counts),
    )


def _points(known: pl.Series, kind: Kind) -> tuple[pl.Series, list[int]]:
    """Return values along a column, and how many of its cells lie nearest to each.

    Its quantiles; where many cells are alike, so that few quantiles differ, points between them.
    """
    order = known.sort()
    numbers = order.to_physical().cast(pl.Float64).to_numpy()
    usable = np.flatnonzero(np.isfinite(numbers))
    if not len(usable):
        return order[:1], [len(known)]
    places = usable[[int(share * (len(usable) - 1)) for share in _SHARES]]
    distinct = np.unique(numbers[usable])
    chosen = distinct if len(distinct) <= POINTS else np.unique(numbers[places])
    if len(chosen) < min(_FEWEST_POINTS, len(distinct)):
        # Halves: the distance between the largest numbers of either sign is no number.
        between = 2 * np.linspace(distinct[0] / 2, distinct[-1] / 2, _FEWEST_POINTS)
        if kind is not Kind.FLOAT:
            between = np.round(between)
        chosen = np.unique(np.concatenate([chosen, between]))[: 2 * POINTS]
    edges = chosen[1:] / 2 + chosen[:-1] / 2
    counts = np.bincount(np.searchsorted(edges, numbers[usable]), minlength=len(chosen))
    if kind is Kind.FLOAT:
        return pl.Series(known.name, chosen).cast(known.dtype), counts.tolist()
    whole = pl.Series(known.name, np.minimum(chosen, _LAST_WHOLE)).cast(pl.Int64())
    return whole.cast(known.dtype), counts.tolist()


def _categories(known: pl.Series) -> tuple[pl.Series, list[int]]:
    """Return the most frequent values, and how many cells hold each."""
    counted = known.to_frame("value").group_by("value").agg(pl.len().alias("rows"))
    first = counted.sort(["rows", "value"], descending=[True, False]).head(POINTS)
    return first["value"].alias(known.name), first["rows"].to_list()


def _most_moved(found: FloatArray) -> int:
    """Return the output that moves most along the levels; of two classes the second."""
    if found.shape[2] == 2:
        return 1
    means = found.mean(axis=1)
    return int(np.argmax(means.max(axis=0) - means.min(axis=0)))


def _mean(answers: FloatArray) -> Interval:
    mean = float(answers.mean())
    if len(answers) < 2:
        return Interval(mean, math.nan, math.nan)
    half = _NORMAL * float(answers.std(ddof=1)) / math.sqrt(len(answers))
    return Interval(mean, mean - half, mean + half)


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool | int | float | str) else None
