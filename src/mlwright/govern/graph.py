"""Lineage as SVG: boxes in columns, from what was read to what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _GAP_Y, _EDGE = 166, 46, 44, 14, 2
_LONGEST = 18  # characters that fit a box, in a wide font too
_SHRUNK = range(5, 7)  # columns that a page shows whole, a little smaller; more are scrolled


@dataclass(frozen=True, slots=True)
class Node:
    """One box: what it is, its name and the page it leads to."""

    kind: str
    name: str
    href: str | None
    emphasis: bool = False


def graph(
    columns: Sequence[Sequence[Node]], edges: Sequence[tuple[Node, Node]], *, title: str
) -> str:
    """Draw boxes column by column, each column centred, with a curve for each edge.

    Its links can be followed, so it is a group of parts to a screen reader and no single picture.
    """
    columns = [column for column in columns if column]
    tallest = max((len(column) for column in columns), default=1)
    width = len(columns) * (_BOX_WIDTH + _GAP_X) - _GAP_X + 2 * _EDGE
    height = tallest * (_BOX_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _EDGE
    places: dict[Node, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        x = _EDGE + number * (_BOX_WIDTH + _GAP_X)
        top = (height - len(column) * (_BOX_HEIGHT + _GAP_Y) + _GAP_Y) / 2
        for row, node in enumerate(column):
            places[node] = (x, top + row * (_BOX_HEIGHT + _GAP_Y))
    curves = "".join(_curve(places[a], places[b]) for a, b in edges if {a, b} <= places.keys())
    boxes = "".join(_box(node, *place) for node, place in places.items())
    name = "graph shrinks" if len(columns) in _SHRUNK else "graph"
    return (
        f'<svg viewBox="0 0 {max(width, 1)} {height}" width="{max(width, 1)}" height="{height}"'
        f' role="group" class="{name}"'
        f' aria-label="{escape(title)}">{curves}{boxes}</svg>'
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT / 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT / 2
    middle = (x1 + x2) / 2
    return (
        f'<path d="M{x1:.1f} {y1:.1f} C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f}'
        f' {x2:.1f} {y2:.1f}"/>'
    )


def _box(node: Node, x: float, y: float) -> str:
    kind = "strong" if node.emphasis else "plain"
    box = (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{_BOX_WIDTH}"'
        f' height="{_BOX_HEIGHT}" rx="8"/>'
        f'<text class="kind" x="{x + 12:.1f}" y="{y + 18:.1f}">{escape(node.kind)}</text>'
        f'<text x="{x + 12:.1f}" y="{y + 36:.1f}">{escape(_shortened(node.name))}</text>'
    )
    if node.href is None:
        return f"<g><title>{escape(node.name)}</title>{box}</g>"
    return (
        f'<a href="{escape(node.href)}" aria-label="{escape(f"{node.kind} {node.name}")}">{box}</a>'
    )


def _shortened(name: str) -> str:
    """Leave out the middle of a long name: variants of one step differ at its end."""
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[1 - half :]}"
