"""What a row meets on its way through trees, on average over the rows they were grown from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CATEGORICAL = 1  # in a decision type
_REACHED, _OF_LEAVES, _LEAVES = b"internal_count", b"leaf_count", b"num_leaves"
_OF_WAYS = (b"left_child", b"right_child", _REACHED, _OF_LEAVES, b"decision_type")
_NAMES = (*_OF_WAYS, _LEAVES)
_LINES = re.compile(rb"^(" + b"|".join(_NAMES) + rb")=([-0-9 ]*)$", re.M)


@dataclass(frozen=True, slots=True)
class Walk:
    """How many trees a row goes through, and of their splits how many it meets on average.

    ``rarer`` are those where it goes the way that fewer rows go: what a processor, which guesses
    the more usual one, has got wrong. ``categorical`` are those by categories.
    """

    trees: int
    leaves: int
    splits: float
    rarer: float
    categorical: float


def walk_of(content: bytes) -> Walk:
    r"""Return the walk through a text of trees.

    >>> walk_of(b"tree\n\nTree=0\nnum_leaves=3\nleft_child=-1 -2\nright_child=1 -3\n"
    ...         b"internal_count=10 4\nleaf_count=6 1 3\ndecision_type=8 1\n\nend of trees\n")
    Walk(trees=1, leaves=3, splits=1.4, rarer=0.5, categorical=0.4)
    """
    named: dict[bytes, list[bytes]] = {name: [] for name in _NAMES}
    sizes: list[int] = []
    for name, line in _LINES.findall(content):
        if name == _REACHED and line:
            sizes.append(len(line.split()))
        if name != _OF_LEAVES or b" " in line:  # a lone leaf is no way to anywhere
            named[name].append(line)
    trees, leaves = len(named[_LEAVES]), sum(map(int, named[_LEAVES]))
    if not sizes:
        return Walk(trees, leaves, 0.0, 0.0, 0.0)
    left, right, reached, of_leaves, kinds = (_numbers(named[name]) for name in _OF_WAYS)
    splits = np.array(sizes)
    first = np.repeat(np.cumsum(splits) - splits, splits)
    first_leaf = first + np.repeat(np.arange(len(sizes)), splits)  # a tree has one leaf more

    def rows_at(child: NDArray[np.int64]) -> NDArray[np.int64]:
        leaf = child < 0
        return np.where(
            leaf,
            of_leaves[np.where(leaf, first_leaf - child - 1, 0)],
            reached[np.where(leaf, 0, first + child)],
        )

    whole = np.maximum(reached[first], 1)
    fewer = np.minimum(rows_at(left), rows_at(right)) / whole
    share = reached / whole
    by_categories = share[(kinds & _CATEGORICAL) > 0]
    return Walk(trees, leaves, float(share.sum()), float(fewer.sum()), float(by_categories.sum()))


def _numbers(lines: Sequence[bytes]) -> NDArray[np.int64]:
    return np.fromstring(b" ".join(lines), dtype=np.int64, sep=" ")
