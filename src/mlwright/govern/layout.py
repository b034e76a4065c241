"""Where the boxes of a graph stand, column by column, and by which way its edges go around them.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures" (1981): an edge over several columns passes each in a lane of its own, and a column is
ordered by where what leads to it stands.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)

_GAP, _LANE = 14.0, 2.0


@dataclass(frozen=True, slots=True)
class Layout(Generic[N]):
    """The top of each box within its column, the way of each edge, and the height of all.

    A way is the height at which its edge leaves its first box, passes each column between, and
    meets its last.
    """

    tops: dict[N, float]
    ways: dict[tuple[N, N], tuple[float, ...]]
    height: float


@dataclass(frozen=True, slots=True)
class _Lane(Generic[N]):
    """The room in one column for an edge that passes it."""

    edge: tuple[N, N]
    column: int


def lay_out(
    columns: Sequence[Sequence[N]], edges: Iterable[tuple[N, N]], *, box: float
) -> Layout[N]:
    """Order each column and find the ways; an edge that others say as well is left out.

    Parameters
    ----------
    columns
        The boxes by column; an edge between columns leads from left to right.
    box
        The height of a box.
    """
    rank = {node: number for number, column in enumerate(columns) for node in column}
    kept = [edge for edge in dict.fromkeys(edges) if set(edge) <= rank.keys()]
    chains = {edge: _chain(edge, rank) for edge in _unsaid(kept, rank)}
    lanes = [lane for chain in chains.values() for lane in chain[1:-1]]
    layers: list[list[N | _Lane[N]]] = [
        [*column, *(each for each in lanes if isinstance(each, _Lane) and each.column == number)]
        for number, column in enumerate(columns)
    ]
    leading: dict[N | _Lane[N], list[N | _Lane[N]]] = {}
    for chain in chains.values():
        for before, item in pairwise(chain):
            leading.setdefault(item, []).append(before)
    height = max((_height(layer, box) for layer in layers), default=box)
    middles: dict[N | _Lane[N], float] = {}
    for layer in layers:
        where = dict(_stacked(layer, box, height))
        for item in layer:
            if stood := [middles[each] for each in leading.get(item, ()) if each in middles]:
                where[item] = sum(stood) / len(stood)
        middles |= _stacked(sorted(layer, key=where.__getitem__), box, height)
    return Layout(
        {node: middles[node] - box / 2 for node in rank},
        {edge: tuple(middles[each] for each in chain) for edge, chain in chains.items()},
        height,
    )


def _unsaid(edges: Sequence[tuple[N, N]], rank: dict[N, int]) -> list[tuple[N, N]]:
    """Return the edges without those between boxes that others join by way of a third."""
    after: dict[N, list[N]] = {}
    for first, last in edges:
        if rank[first] < rank[last]:
            after.setdefault(first, []).append(last)
    reached: dict[N, set[N]] = {}
    for node in sorted(after, key=rank.__getitem__, reverse=True):
        reached[node] = set(after[node]).union(*(reached.get(n, ()) for n in after[node]))
    return [
        (first, last)
        for first, last in edges
        if not any(last in reached.get(n, ()) for n in after.get(first, ()))
    ]


def _chain(edge: tuple[N, N], rank: dict[N, int]) -> list[N | _Lane[N]]:
    """Return the first box of an edge, the lanes it passes in, and its last box."""
    first, last = edge
    lanes = [_Lane(edge, column) for column in range(rank[first] + 1, rank[last])]
    return [first, *lanes, last]


def _stacked(layer: Sequence[N | _Lane[N]], box: float, height: float) -> dict[N | _Lane[N], float]:
    """Return the middle of each item of a column that stands centred."""
    found: dict[N | _Lane[N], float] = {}
    top = (height - _height(layer, box)) / 2
    for item in layer:
        size = _LANE if isinstance(item, _Lane) else box
        found[item] = top + size / 2
        top += size + _GAP
    return found


def _height(layer: Sequence[N | _Lane[N]], box: float) -> float:
    sizes = [_LANE if isinstance(item, _Lane) else box for item in layer]
    return sum(sizes) + _GAP * (len(sizes) - 1)
