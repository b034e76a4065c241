"""Small trees taken apart by the features they ask about; those of one feature become one curve.

A path through a tree says a box: a range of each feature it asks about, and whether missing values
are in it. Boxes over one feature are added up in a list of steps, and the list is written as one
tree, which answers as all of them together but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlwright.train.algorithms.problem import Vector
from mlwright.train.algorithms.tree_text import LARGEST, Numbers, Places, Tree

Term = tuple[int, ...]
"""The places of the features a box asks about, ascending."""


@dataclass(frozen=True, slots=True)
class Range:
    """Values above ``low`` and at most ``high``, and the missing ones or not."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """What is added to the score where each feature lies in its range."""

    ranges: Mapping[int, Range]
    value: float
    count: int

    @property
    def term(self) -> Term:
        """The features it asks about."""
        return tuple(sorted(self.ranges))


def boxes_of(tree: Tree) -> Iterator[Box]:
    """Give the box of each leaf."""
    waiting: list[tuple[int, dict[int, Range]]] = [(0 if len(tree.feature) else -1, {})]
    while waiting:
        place, ranges = waiting.pop()
        if place < 0:
            leaf = -place - 1
            yield Box(ranges, float(tree.values[leaf]), int(tree.counts[leaf]))
            continue
        feature, threshold = int(tree.feature[place]), float(tree.threshold[place])
        of, left = ranges.get(feature, Range()), bool(tree.missing_left[place])
        below = Range(of.low, min(of.high, threshold), of.missing and left)
        above = Range(max(of.low, threshold), of.high, of.missing and not left)
        waiting.append((int(tree.left[place]), {**ranges, feature: below}))
        waiting.append((int(tree.right[place]), {**ranges, feature: above}))


def curve(boxes: Sequence[Box], feature: int, values: Vector) -> Tree:
    """Return one tree that answers as boxes over one feature together.

    What is missing where no training row had it missing adds the mean; infinity is as missing.

    Parameters
    ----------
    values
        The feature in the training rows: how many reach each leaf.
    """
    ranges = [(box.ranges[feature], box.value) for box in boxes]
    ends = {end for of, _ in ranges for end in (of.low, of.high) if math.isfinite(end)}
    axis = np.array(sorted(ends), dtype=np.float64)
    # A step between thresholds each, and one for missing values.
    steps = np.zeros(len(axis) + 2)
    for of, value in ranges:
        steps[_first(of, axis) : _last(of, axis) + 1] += value
        steps[-1] += value if of.missing else 0.0
    missing = np.isnan(values)
    places = np.where(missing, len(axis) + 1, np.searchsorted(axis, values))
    counts = np.bincount(places, minlength=len(steps))
    if not missing.any():
        steps[-1] = float(np.average(steps[:-1], weights=counts[:-1]))
    return _Grown().tree(feature, axis, steps, counts)


def _first(of: Range, axis: Numbers) -> int:
    return 0 if of.low == -math.inf else int(np.searchsorted(axis, of.low)) + 1


def _last(of: Range, axis: Numbers) -> int:
    return len(axis) if of.high == math.inf else int(np.searchsorted(axis, of.high))


@dataclass(slots=True)
class _Grown:
    """A tree's splits while they are added: missing values go right, to the last leaf."""

    thresholds: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def tree(self, feature: int, axis: Numbers, steps: Numbers, counts: Places) -> Tree:
        """Return the balanced tree of all steps, each a leaf."""
        self._between([*axis.tolist(), LARGEST], 0, len(axis) + 1)
        return Tree(
            feature=np.full(len(self.left), feature, dtype=np.intp),
            threshold=np.array(self.thresholds, dtype=np.float64),
            missing_left=np.zeros(len(self.left), dtype=bool),
            left=np.array(self.left, dtype=np.intp),
            right=np.array(self.right, dtype=np.intp),
            values=steps,
            counts=np.maximum(counts, 1),
        )

    def _between(self, axis: Sequence[float], first: int, last: int) -> int:
        if first == last:
            return -first - 1
        middle, place = (first + last) // 2, len(self.left)
        self.thresholds.append(axis[middle])
        self.left.append(0)
        self.right.append(0)
        self.left[place] = self._between(axis, first, middle)
        self.right[place] = self._between(axis, middle + 1, last)
        return place
