"""Charts as SVG made on the server: the same picture in report, page and notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mlwright.evaluate.records import Interval
from mlwright.govern.reasons import number

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 640, 30, 170, 90, 8
_WIDE, _SLIM = 250, 26  # a reason's row: room for a column and its value, and its height
_ROOM = 1e8  # a number that still fits beside its bar in full
_LARGEST = 1e300  # a float holds the span between two such numbers, and a margin beside it


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of an interval chart."""

    name: str
    interval: Interval
    emphasis: bool


def intervals(bars: Sequence[Bar], *, title: str, headed: bool = False) -> str:
    """Draw values with their intervals on one axis, one row each.

    Of several such pictures beside each other each is ``headed`` by its title.

    The axis spans the values shown, not zero: intervals are compared, lengths are not. A value
    that is not defined, or whose interval is not, is left out; without any left it is said.
    """
    shown = [bar for bar in bars if _drawable(bar.interval)]
    if not shown:
        return _nothing(title)
    low = min(b.interval.low for b in shown)
    high = max(b.interval.high for b in shown)
    span = (high - low) or abs(high) or 1.0
    low, high = low - 0.05 * span, high + 0.05 * span
    inner = _WIDTH - _LEFT - _RIGHT

    def at(value: float) -> float:
        return _LEFT + inner * (value - low) / (high - low)

    top = _TOP + (_ROW if headed else 0)
    height = top + _ROW * len(shown) + 26
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
    ]
    if headed:
        parts.append(f'<text x="0" y="16">{escape(title)}</text>')
    for place, bar in enumerate(shown):
        y = top + _ROW * place + _ROW / 2
        found = bar.interval
        kind = "strong" if bar.emphasis else "plain"
        parts.append(
            f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(bar.name)}</text>'
            f'<line class="{kind}" x1="{at(found.low):.1f}" x2="{at(found.high):.1f}"'
            f' y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<circle class="{kind}" cx="{at(found.value):.1f}" cy="{y:.1f}" r="5"/>'
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{digits(found.value)}</text>'
        )
    bottom = top + _ROW * len(shown) + 4
    parts.append(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        f'<text class="axis" x="{_LEFT}" y="{bottom + 16}">{digits(low)}</text>'
        f'<text class="axis" x="{_WIDTH - _RIGHT}" y="{bottom + 16}" text-anchor="end">'
        f"{digits(high)}</text></svg>"
    )
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Push:
    """One row of a reasons chart: what is said, and how far it moves the score, either way."""

    name: str
    amount: float


def pushes(rows: Sequence[Push], *, title: str) -> str:
    """Draw amounts as bars to both sides of zero, one row each, with their signs written out.

    All bars share one scale, so that lengths compare; what is not finite is left out.
    """
    shown = [row for row in rows if math.isfinite(row.amount) and abs(row.amount) <= _LARGEST]
    if not shown:
        return _nothing(title)
    low = min(0.0, *(row.amount for row in shown))
    high = max(0.0, *(row.amount for row in shown))
    span = (high - low) or 1.0
    inner = _WIDTH - _WIDE - _RIGHT

    def at(amount: float) -> float:
        return _WIDE + inner * (amount - low) / span

    zero, height = at(0.0), _TOP + _SLIM * len(shown) + _TOP
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{height - _TOP}"/>'
    ]
    for place, row in enumerate(shown):
        y = _TOP + _SLIM * place
        left, right = sorted((zero, at(row.amount)))
        kind, sign = ("up", "+") if row.amount >= 0 else ("down", "")
        parts.append(
            f'<text x="{_WIDE - 12}" y="{y + 17}" text-anchor="end">{escape(row.name)}</text>'
            f'<rect class="{kind}" x="{left:.1f}" y="{y + 5}" width="{max(right - left, 1):.1f}"'
            f' height="{_SLIM - 10}" rx="2"/>'
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{y + 17}">{sign}{digits(row.amount)}</text>'
        )
    parts.append("</svg>")
    return "".join(parts)


def digits(value: float) -> str:
    """Return a number as elsewhere, one too long for its place beside a bar by its power of ten."""
    return number(value) if abs(value) < _ROOM else f"{value:.4g}"


def _drawable(found: Interval) -> bool:
    numbers = (found.value, found.low, found.high)
    return all(math.isfinite(number) and abs(number) <= _LARGEST for number in numbers)


def _nothing(title: str) -> str:
    height = _TOP + _ROW
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<text x="{_LEFT}" y="{_TOP + _ROW / 2 + 4:.1f}">not defined on these rows</text></svg>'
    )
