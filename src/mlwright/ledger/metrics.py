"""What an event says of metrics: some points as they are, or how the points of an object sum up.

Points are written as ``{"since": T, "points": {name: [[step, microseconds after T, value]]}}``, a
summary as ``{"metrics": {name: [count, step, time, last, low, high]}}``. JSON knows no NaN and no
infinity: they are written as the texts ``nan``, ``inf`` and ``-inf``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mlwright.ledger.records import MetricSummary

_TEXTS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_LARGEST = 1 << 62
"""Steps and times lie within, so that SQLite and others can add to them."""


def write_number(value: float) -> float | str:
    """Return a float as JSON can hold it.

    >>> write_number(0.5), write_number(float("-inf")), write_number(float("nan"))
    (0.5, '-inf', 'nan')
    """
    return value if math.isfinite(value) else str(value)


def read_number(written: object) -> float:
    """Return the float behind its written form.

    Raises
    ------
    ValueError
        When it is none.
    """
    if isinstance(written, str) and written in _TEXTS:
        return _TEXTS[written]
    if isinstance(written, bool) or not isinstance(written, int | float):
        raise ValueError(f"{written!r} is no number")
    return float(written)


def summarise(steps: Sequence[int], times: Sequence[int], values: Sequence[float]) -> MetricSummary:
    """Return how points sum up; they stand in the order of their times.

    >>> summarise([1, 2, 0], [10, 11, 12], [0.3, 0.2, 0.9])
    MetricSummary(count=3, step=2, time=11, last=0.2, low=0.2, high=0.9)
    """
    top = max(steps)
    at = len(steps) - 1
    while steps[at] != top:
        at -= 1
    real = [value for value in values if value == value]
    return MetricSummary(
        count=len(steps),
        step=top,
        time=times[at],
        last=values[at],
        low=min(real, default=None),
        high=max(real, default=None),
    )


def write_summary(summary: MetricSummary) -> list[object]:
    """Return a summary as JSON can hold it."""
    return [
        summary.count,
        summary.step,
        summary.time,
        write_number(summary.last),
        None if summary.low is None else write_number(summary.low),
        None if summary.high is None else write_number(summary.high),
    ]


def summaries(facts: Mapping[str, object]) -> dict[str, MetricSummary]:
    """Return how the metrics an event tells of sum up, by name.

    Raises
    ------
    ValueError
        When what it says of them is not of the form above.
    """
    told: Any = facts.get("metrics", {})
    points: Any = facts.get("points", {})
    if not isinstance(told, Mapping) or not isinstance(points, Mapping):
        raise ValueError("an event tells of metrics by their names")
    found = {name: _read_summary(name, written) for name, written in told.items()}
    for name, series in points.items():
        steps, times, values = read_points(facts.get("since"), series)
        found[name] = summarise(steps, times, values)
    return found


def read_points(since: object, series: object) -> tuple[list[int], list[int], list[float]]:
    """Return steps, times and values of points as an event writes them.

    Raises
    ------
    ValueError
        When they are not of the form above, or there are none.
    """
    if not isinstance(series, list) or not series or not _whole(since):
        raise ValueError("an event tells of points with the time they count from")
    assert isinstance(since, int)
    for point in series:
        if not isinstance(point, list) or len(point) != 3 or not all(map(_whole, point[:2])):
            raise ValueError(f"{point!r} is no point")
    return (
        [step for step, _, _ in series],
        [since + after for _, after, _ in series],
        [read_number(value) for _, _, value in series],
    )


def _read_summary(name: object, written: Any) -> MetricSummary:
    if not isinstance(written, list) or len(written) != 6 or not all(map(_whole, written[:3])):
        raise ValueError(f"{written!r} is no summary of {name!r}")
    low, high = (None if each is None else read_number(each) for each in written[4:])
    count, step, time = written[:3]
    return MetricSummary(count, step, time, read_number(written[3]), low, high)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
