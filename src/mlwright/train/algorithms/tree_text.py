"""Trees of any library as LightGBM's text: one format that is scored, and explained, in one way.

Only what decides an answer or its Shapley values is written, leaves with nine digits: what numbers
of 32 bits, which most libraries keep, need to be told apart. A text says ``link(sum of leaves)``:
the identity for values, logistic for the score of the second of two classes, softmax for one score
a class; trees go round the scores in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

LARGEST = float(np.finfo(np.float64).max)

_MISSING_IS_NAN = 8
_MISSING_LEFT = 2
_OBJECTIVES = {0: "regression", 2: "binary sigmoid:1"}


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Splits and leaves; the root is split 0, or leaf 0 where there is no split.

    A row goes left where its feature is at most the threshold, and where it is missing as
    ``missing_left`` says. In ``left`` and ``right`` a place of a split is itself, and leaf ``n`` is
    ``-n - 1``. ``counts`` are the training rows in each leaf, at least 1: Shapley values divide by
    them.
    """

    feature: Places
    threshold: Numbers
    missing_left: NDArray[np.bool_]
    left: Places
    right: Places
    values: Numbers
    counts: Places


def tree_of_nodes(
    *,
    left: Places,
    right: Places,
    feature: Places,
    threshold: Numbers,
    missing_left: NDArray[np.bool_],
    values: Numbers,
    counts: Places,
) -> Tree:
    """Return a tree from arrays over all nodes, where a leaf has a negative ``left``.

    >>> root = np.array([1, -1, -1])
    >>> tree = tree_of_nodes(
    ...     left=root, right=np.array([2, -1, -1]), feature=np.array([4, 0, 0]),
    ...     threshold=np.array([0.5, 0, 0]), missing_left=np.array([True, False, False]),
    ...     values=np.array([0.0, -1.0, 1.0]), counts=np.array([9, 4, 5]))
    >>> tree.left.tolist(), tree.right.tolist(), tree.values.tolist()
    ([-1], [-2], [-1.0, 1.0])
    """
    splits = left >= 0
    leaves = ~splits
    name = np.where(splits, np.cumsum(splits) - 1, np.negative(np.cumsum(leaves)))
    return Tree(
        feature=feature[splits],
        threshold=np.clip(threshold[splits], -LARGEST, LARGEST),
        missing_left=missing_left[splits],
        left=name[left[splits]],
        right=name[right[splits]],
        values=values[leaves],
        counts=np.maximum(counts[leaves], 1),
    )


_NONE = np.empty(0, dtype=np.intp)
LEVEL = Tree(
    _NONE, np.empty(0), np.empty(0, dtype=bool), _NONE, _NONE, np.zeros(1), np.ones(1, int)
)
"""A tree that adds nothing, whatever the row."""


def write(trees: Sequence[Tree], *, features: int, classes: int) -> bytes:
    """Return the text of trees; those of several classes in turn, a tree a class.

    Parameters
    ----------
    features
        How many features a row has.
    classes
        0 where the sum is the answer.
    """
    blocks = [_block(place, tree) for place, tree in enumerate(trees)]
    return text_of(blocks, features=features, classes=classes)


def text_of(blocks: Sequence[str], *, features: int, classes: int) -> bytes:
    """Return the text of trees that are written already, each a block."""
    scores = scores_for(classes)
    head = [
        "tree",
        "version=v4",
        f"num_class={scores}",
        f"num_tree_per_iteration={scores}",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        f"objective={_OBJECTIVES.get(classes, f'multiclass num_class:{classes}')}",
        "feature_names=" + " ".join(f"f{place}" for place in range(features)),
        "feature_infos=" + " ".join(["none"] * features),
        "tree_sizes=" + " ".join(str(len(block)) for block in blocks),
    ]
    return ("\n".join(head) + "\n\n" + "".join(blocks) + "end of trees\n").encode()


def read(text: str) -> list[Tree]:
    """Return the trees of a text; none of its splits may be one over categories."""
    return [_tree_in(block) for block in text.split("\nTree=")[1:]]


def scores_for(classes: int) -> int:
    """Return how many scores a task of so many classes has.

    >>> [scores_for(classes) for classes in (0, 2, 3)]
    [1, 1, 3]
    """
    return classes if classes > 2 else 1


def moved(trees: Sequence[Tree], starts: Sequence[float], spread: float = 1.0) -> list[Tree]:
    """Return trees whose sums are ``spread`` times the old ones plus where each score starts.

    The first tree of each score takes its start.
    """
    found = []
    for place, tree in enumerate(trees):
        start = starts[place] if place < len(starts) else 0.0
        values = tree.values * spread + start
        found.append(
            Tree(
                tree.feature,
                tree.threshold,
                tree.missing_left,
                tree.left,
                tree.right,
                values,
                tree.counts,
            )
        )
    return found


def _tree_in(block: str) -> Tree:
    told = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)

    def numbers(name: str) -> Numbers:
        return np.array(told.get(name, "").split(), dtype=np.float64)

    values = numbers("leaf_value")
    threshold, kinds = numbers("threshold"), numbers("decision_type").astype(np.intp)
    # Where no row it grew from had it missing, a missing value is read as 0.
    by_kind = (kinds & _MISSING_LEFT) > 0
    missing_left = np.where(kinds & _MISSING_IS_NAN, by_kind, threshold >= 0.0)
    return Tree(
        feature=numbers("split_feature").astype(np.intp),
        threshold=threshold,
        missing_left=missing_left,
        left=numbers("left_child").astype(np.intp),
        right=numbers("right_child").astype(np.intp),
        values=values,
        counts=numbers("leaf_count").astype(np.intp) if len(threshold) else np.ones(1, np.intp),
    )


def _block(place: int, tree: Tree) -> str:
    lines = [f"Tree={place}", f"num_leaves={len(tree.values)}", "num_cat=0"]
    if len(tree.feature):
        missing = np.where(tree.missing_left, _MISSING_LEFT, 0) + _MISSING_IS_NAN
        lines += [
            _line("split_feature", tree.feature.tolist()),
            _line("threshold", tree.threshold.tolist()),
            _line("decision_type", missing.tolist()),
            _line("left_child", tree.left.tolist()),
            _line("right_child", tree.right.tolist()),
            _line("internal_count", _counts_of_splits(tree)),
        ]
    lines += [
        "leaf_value=" + " ".join(f"{value:.9g}" for value in tree.values.tolist()),
        _line("leaf_count", tree.counts.tolist()),
        "shrinkage=1",
    ]
    return "\n".join(lines) + "\n\n\n"


def _line(name: str, numbers: Iterable[float]) -> str:
    return f"{name}=" + " ".join(repr(number) for number in numbers)


def _counts_of_splits(tree: Tree) -> list[int]:
    """Return the rows under each split: the sum over its leaves, so that shares of them add up."""
    left, right, leaves = tree.left.tolist(), tree.right.tolist(), tree.counts.tolist()
    counts = [0] * len(left)
    order, waiting = [], [0]
    while waiting:
        split = waiting.pop()
        order.append(split)
        waiting += [child for child in (left[split], right[split]) if child >= 0]
    for split in reversed(order):
        for child in (left[split], right[split]):
            counts[split] += counts[child] if child >= 0 else leaves[-child - 1]
    return counts
