"""Whether the answer only rises, or only falls, as one number rises and all else stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mlwright.evaluate.robustness.changes.numbers import like, number_columns
from mlwright.evaluate.robustness.records import Direction, Directions
from mlwright.evaluate.robustness.subject import Subject
from mlwright.features.numbers import numbers_of
from mlwright.stats.bootstrap import mean_interval
from mlwright.stats.counts import FloatArray
from mlwright.stats.metrics import MULTICLASS
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson

MOST_ROWS = 300
MOST_COLUMNS = 50
PLACES = 9
"""Values of a column that each row is asked with: evenly spread by rank from 5 % to 95 %."""


def directions(subject: Subject, columns: Sequence[str] = ()) -> Directions:
    """Return how the answer goes with each column of numbers that varies.

    Parameters
    ----------
    columns
        Those of the table, of which the ones that the model does not read have no direction.
    """
    some = subject.evenly(MOST_ROWS)
    read = [column.name for column in subject.inputs]
    numbers = number_columns(subject.inputs)
    without = {name: "the model does not read it" for name in columns if name not in read}
    without |= {name: "it holds no numbers" for name in read if name not in numbers}
    found: list[Direction] = []
    for place, name in enumerate(numbers):
        values = _values(subject.rows[name])
        if subject.task.kind.value == MULTICLASS:
            without[name] = "of more than two classes none is up"
        elif len(values) < 2:
            without[name] = "it does not vary"
        elif place >= MOST_COLUMNS:
            without[name] = f"only the first {MOST_COLUMNS} columns of numbers are looked at"
        else:
            found.append(_direction(some, name, values))
    return Directions(len(some.y), tuple(found), without, subject.seed)


def _values(series: pl.Series) -> FloatArray:
    numbers = numbers_of(series)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return known
    return np.unique(np.quantile(known, np.linspace(0.05, 0.95, PLACES), method="nearest"))


def _direction(subject: Subject, name: str, values: FloatArray) -> Direction:
    series = subject.rows[name]
    asked = [
        subject.ask(subject.rows.with_columns(like(series, np.full(len(series), value))))[:, -1]
        for value in values.tolist()
    ]
    answers = np.stack(asked, axis=1)
    steps = np.diff(answers, axis=1)
    units = int(subject.units.max()) + 1
    rising, falling = (
        wilson(float((good).mean()) * units, units) for good in (steps >= 0, steps <= 0)
    )
    effect = mean_interval(answers[:, -1] - answers[:, 0], seed=subject.seed, units=subject.units)
    low, high = float(values[0]), float(values[-1])
    return Direction(
        name,
        low,
        high,
        rising,
        falling,
        effect,
        _in_words(name, low, high, rising, falling, effect),
    )


def _in_words(
    name: str, low: float, high: float, rising: Interval, falling: Interval, effect: Interval
) -> str:
    if rising.value == falling.value == 1.0:
        return f"{name!r} alone moves no answer."
    goes, kept = ("rises", rising) if effect.value >= 0 else ("falls", falling)
    size = f"{abs(effect.value):.3g} from {low:g} to {high:g}"
    if effect.low <= 0 <= effect.high:
        return f"With {name!r} the answer has no direction on the whole ({size})."
    if kept.value == 1.0:
        return f"The answer {goes} with {name!r}, by {size} on average; no step goes against it."
    return (
        f"The answer {goes} with {name!r}, by {size} on average; {1 - kept.value:.1%} of the steps"
        " go against it."
    )
