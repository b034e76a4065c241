"""Lineage as SVG: boxes in columns, from what was read to what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mlwright.govern.layout import lay_out

_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _EDGE = 166, 46, 44, 2
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
    """Draw boxes column by column, each column centred, with a line for each edge around them.

    An edge that others say as well, by way of a third box, is not drawn. Its links can be followed,
    so it is a group of parts to a screen reader and no single picture.
    """
    columns = [column for column in columns if column]
    laid = lay_out(columns, edges, box=_BOX_HEIGHT)
    left = {
        node: _EDGE + number * (_BOX_WIDTH + _GAP_X)
        for number, column in enumerate(columns)
        for node in column
    }
    width = max(len(columns) * (_BOX_WIDTH + _GAP_X) - _GAP_X, 0) + 2 * _EDGE
    height = laid.height + 2 * _EDGE
    lines = "".join(_line(left[a], left[b], way) for (a, b), way in laid.ways.items())
    boxes = "".join(_box(node, left[node], _EDGE + top) for node, top in laid.tops.items())
    name = "graph shrinks" if len(columns) in _SHRUNK else "graph"
    return (
        f'<svg viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}"'
        f' role="group" class="{name}"'
        f' aria-label="{escape(title)}">{lines}{boxes}</svg>'
    )


def _line(first: float, last: float, way: Sequence[float]) -> str:
    """Draw an edge from the right of a box to the left of another, level where it passes others."""
    x, y = first + _BOX_WIDTH, _EDGE + way[0]
    drawn = [f"M{x:.1f} {y:.1f}"]
    for number, middle in enumerate(way[1:], 1):
        to = last if number == len(way) - 1 else x + _GAP_X
        half, level = (x + to) / 2, _EDGE + middle
        drawn.append(f"C{half:.1f} {y:.1f} {half:.1f} {level:.1f} {to:.1f} {level:.1f}")
        x, y = to, level
        if to != last:
            x += _BOX_WIDTH
            drawn.append(f"H{x:.1f}")
    return f'<path d="{" ".join(drawn)}"/>'


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
