"""A model's mean answer along a column of numbers, over how many rows lie near each value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

from mlwright.data.records import Kind, Scalar
from mlwright.evaluate.explanation.records import Dependence, Level
from mlwright.govern.charts import digits

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 640, 250, 64, 16
_TOP, _BOTTOM, _FLOOR = 34, 170, 214  # of the curve; the marks stand on the floor
Height = Callable[[float], float]
"""Where an answer lies, in the picture."""

_MARK = 34  # the height of the mark where most rows lie


def curve(dependence: Dependence, *, title: str, few: int) -> str:
    """Draw the mean answers with their intervals, and below each how many rows lie near it.

    A value near which fewer than ``few`` rows lie is hollow. A missing cell stands apart, on the
    right.
    """
    levels = [level for level in dependence.levels if math.isfinite(level.answer.value)]
    known = [level for level in levels if level.value is not None]
    places = [_place(level.value, dependence.kind) for level in known]
    missing = [level for level in levels if level.value is None]
    left, right = float(_LEFT), float(_WIDTH - _RIGHT - (40 if missing else 0))
    at = [left + 8 + (right - left - 16) * share for share in _shares(places)]
    at += [_WIDTH - _RIGHT - 14.0] * len(missing)
    shown = [*known, *missing]
    low, high = _range(shown)

    def height(answer: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP - 6) * (answer - low) / (high - low)

    most = max(level.rows for level in shown) or 1
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<text x="0" y="16">{escape(title)}</text>',
        *_scale(low, high, height),
        _band(shown[: len(known)], at, height),
        _line(shown[: len(known)], at, height),
    ]
    for level, x in zip(shown, at, strict=True):
        kind = "strong" if level.rows >= few else "hollow"
        tall = _MARK * level.rows / most
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{height(level.answer.value):.1f}" r="4"/>'
            f'<rect class="support" x="{x - 3:.1f}" y="{_FLOOR - tall:.1f}" width="6"'
            f' height="{max(tall, 0.5):.1f}"><title>{level.rows:,} rows</title></rect>'
        )
    parts += _ends(known, at, missing=bool(missing))
    return "".join([*parts, "</svg>"])


def _place(value: Scalar | None, kind: Kind) -> float:
    if kind in (Kind.DATE, Kind.DATETIME):
        return datetime.fromisoformat(str(value)).replace(tzinfo=None).toordinal()
    return float(value) if isinstance(value, int | float) else math.nan


def _shares(places: Sequence[float]) -> list[float]:
    """Return places as shares of the way from the first to the last; evenly where they are huge."""
    span = places[-1] - places[0]
    if not (math.isfinite(span) and span > 0):
        return [place / max(len(places) - 1, 1) for place in range(len(places))]
    return [(place - places[0]) / span for place in places]


def _range(levels: Sequence[Level]) -> tuple[float, float]:
    ends = [
        end
        for level in levels
        for end in (level.answer.low, level.answer.value, level.answer.high)
        if math.isfinite(end)
    ]
    low, high = min(ends), max(ends)
    if high > low:
        return low, high
    half = 0.5 * (abs(low) or 1.0)
    return low - half, high + half


def _scale(low: float, high: float, height: Height) -> list[str]:
    parts = []
    for answer in (low, (low + high) / 2, high):
        y = height(answer)
        said = f"{answer:.3g}" if abs(answer) < 1000 else digits(answer)
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
        )
    return parts


def _band(levels: Sequence[Level], at: Sequence[float], height: Height) -> str:
    drawn = [
        (x, level.answer)
        for level, x in zip(levels, at, strict=False)
        if math.isfinite(level.answer.low) and math.isfinite(level.answer.high)
    ]
    if len(drawn) < 2:
        return ""
    there = [f"{x:.1f},{height(found.high):.1f}" for x, found in drawn]
    back = [f"{x:.1f},{height(found.low):.1f}" for x, found in reversed(drawn)]
    return f'<polygon class="band" points="{" ".join([*there, *back])}"/>'


def _line(levels: Sequence[Level], at: Sequence[float], height: Height) -> str:
    points = " ".join(
        f"{x:.1f},{height(level.answer.value):.1f}" for level, x in zip(levels, at, strict=False)
    )
    return f'<polyline class="curve" points="{points}"/>'


def _ends(known: Sequence[Level], at: Sequence[float], *, missing: bool) -> list[str]:
    parts = [
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_FLOOR}" y2="{_FLOOR}"/>'
        f'<text class="axis" x="{_LEFT - 8}" y="{_FLOOR}" text-anchor="end">rows</text>'
    ]
    for place, anchor in ((0, "start"), (len(known) // 2, "middle"), (len(known) - 1, "end")):
        value = known[place].value
        text = digits(value) if isinstance(value, int | float) else str(value)
        parts.append(
            f'<text class="axis" x="{at[place]:.1f}" y="{_FLOOR + 18}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )
    if missing:
        parts.append(
            f'<text class="axis" x="{_WIDTH}" y="{_FLOOR + 18}" text-anchor="end">missing</text>'
        )
    return parts
