"""Curves of metrics by step: thinned to what a picture shows, as SVG and as a line of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mlwright.govern.charts import digits

_WIDTH, _HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 24
_BLOCKS = "▁▂▃▄▅▆▇█"
_LARGEST = 1e300  # a float holds the span between two such numbers, and a margin beside it

MOST = 240
"""Points of a curve that are drawn: more than a picture of that width can show apart."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of a metric that are drawn, and how many there were.

    ``undefined`` are the steps of those that are NaN or infinite, which have no place in it.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]
    undefined: tuple[int, ...]
    count: int


def thinned(steps: Sequence[int], values: Sequence[float], most: int = MOST) -> Curve:
    """Return a curve of at most ``most`` points that keeps its first, last, lows and highs.

    >>> thinned([0, 1, 2, 3], [1.0, 5.0, float("nan"), 2.0])
    Curve(steps=(0, 1, 3), values=(1.0, 5.0, 2.0), undefined=(2,), count=4)
    """
    real = [(s, v) for s, v in zip(steps, values, strict=True) if abs(v) <= _LARGEST]
    odd = [s for s, v in zip(steps, values, strict=True) if not abs(v) <= _LARGEST]
    if len(real) > most:
        # Of each stretch its lowest and its highest point: a spike of one step is still seen.
        pieces = (most - 2) // 2
        chosen = {0, len(real) - 1}
        for piece in range(pieces):
            stretch = range(len(real) * piece // pieces, len(real) * (piece + 1) // pieces)
            chosen.add(min(stretch, key=lambda at: real[at][1]))
            chosen.add(max(stretch, key=lambda at: real[at][1]))
        real = [real[at] for at in sorted(chosen)]
    return Curve(
        steps=tuple(step for step, _ in real),
        values=tuple(value for _, value in real),
        undefined=tuple(odd[: most // 4]),
        count=len(steps),
    )


def curve_chart(curve: Curve, *, title: str) -> str:
    """Draw a metric by step; steps without a value are marked below the axis."""
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart"'
        f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
    ]
    everything = (*curve.steps, *curve.undefined)
    if not everything:
        return "".join((*parts, f'<text x="{_LEFT}" y="40">nothing was logged</text></svg>'))
    first, last = min(everything), max(everything)
    low, high = min(curve.values, default=0.0), max(curve.values, default=1.0)
    bottom = _HEIGHT - _BOTTOM

    def across(step: int) -> float:
        share = (step - first) / (last - first) if last > first else 0.5
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share

    def up(value: float) -> float:
        share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
        return bottom - 4 - (bottom - 4 - _TOP) * share

    points = [
        f"{across(s):.1f},{up(v):.1f}" for s, v in zip(curve.steps, curve.values, strict=True)
    ]
    if len(points) > 1:
        parts.append(f'<polyline class="curve" points="{" ".join(points)}"/>')
    elif points:
        x, y = points[0].split(",")
        parts.append(f'<circle class="strong" cx="{x}" cy="{y}" r="4"/>')
    parts += [
        f'<text class="warn" x="{across(step):.1f}" y="{bottom - 1}" text-anchor="middle">x</text>'
        for step in curve.undefined
    ]
    parts.append(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        f'<text class="axis" x="{_LEFT}" y="{_HEIGHT - 7}">{first:,}</text>'
    )
    if last > first:
        parts.append(
            f'<text class="axis" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 7}" text-anchor="end">'
            f"{last:,}</text>"
        )
    if curve.values:
        parts.append(_mark(up(high), high))
        if high > low:
            parts.append(_mark(up(low), low))
    return "".join((*parts, "</svg>"))


def blocks(curve: Curve, width: int = 24) -> str:
    """Return a curve as a line of blocks, for a terminal.

    >>> blocks(thinned(range(8), [float(n) for n in range(8)]))
    '▁▂▃▄▅▆▇█'
    """
    values = curve.values
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    pieces = min(width, len(values))
    shown = []
    for piece in range(pieces):
        stretch = values[len(values) * piece // pieces : len(values) * (piece + 1) // pieces]
        mean = math.fsum(each / len(stretch) for each in stretch)
        share = (mean / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0
        shown.append(_BLOCKS[min(max(int(share * len(_BLOCKS)), 0), len(_BLOCKS) - 1)])
    return "".join(shown)


def _mark(y: float, value: float) -> str:
    return f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>'  # noqa: E501


def _short(value: float) -> str:
    text = digits(value)
    return text if len(text) <= 7 else f"{value:.2g}"
