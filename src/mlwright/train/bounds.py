"""What a model takes, of bytes and of the time of a row, foreseen from its parts; and its bounds.

Every time here is a count of parts times what one takes, measured once: the same model is foreseen
alike on any machine and under any load, so that a plan keeps to its bounds the same way again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlwright.features.prepare import Recipe
from mlwright.features.records import Preparation
from mlwright.train.tree_merge import is_trees
from mlwright.train.tree_walk import walk_of

_TREE, _SPLIT, _RARER, _CATEGORICAL = 7e-9, 9e-9, 36e-9, 9e-9
"""What a tree adds to the time of a row: itself, each split that a row meets in it, each at which
it goes the way that fewer go, and each by categories.

How deep a row goes and how often a split surprises the processor tell much more than how many
leaves there are. Of 105 models on nine tables (200 to 1,200 trees of 4 to 128 leaves, with and
without splits by categories; 15 to 92 us on rows that differ) these foresee .93 to 1.6 of what was
measured, and .95 to 1.45 of nine in ten; a fifth of it is for the first rows after a search.
"""

_ROW = 8e-6
"""What a row takes whatever the model is.

These are times of rows that differ, asked one after another in a process that has just opened the
model, beside another process that keeps the machine's other core busy. A row asked again and again,
where nothing else runs, takes half: then all that it needs stays at hand.
"""

_INPUT, _FEATURE = 0.2e-6, 0.05e-6
_DEAR = {"bins": 1e-6, "log": 1e-6, "arithmetic": 5e-6, "from_group": 5e-6, "elapsed": 8e-6}
_TEXTS = {"words": 30e-6, "characters": 60e-6, "text_score": 30e-6, "lengths": 20e-6}
_LINEAR = 18e-6
_LINKS = {0: 0.0, 2: 3e-6}
_SHARES = 8e-6
"""Scores of many classes turned into shares, outside LightGBM's own library."""

_NEAR, _FAR = 2e6, 5e-12
"""The bytes of trees that a core keeps at hand, and what each byte beyond them adds to a row.

Of 5.3 MB of trees, some of a thousand leaves, 57 us were measured where their splits alone say 55,
and 71 of the whole row: without this nothing is left for the first rows after a search.
"""

_LEAF_BYTES = 85


@dataclass(frozen=True, slots=True)
class Load:
    """What a predictor takes beside the preparation of its recipe; ``linear`` is one of no tree."""

    recipe: Recipe
    seconds: float
    size: float
    linear: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most a model may take; None is no bound. ``preparing`` are the seconds of each recipe."""

    size: float | None
    seconds: float | None
    classes: int
    preparing: Mapping[Recipe, float]

    def hold(self, loads: Sequence[Load]) -> bool:
        """Tell whether a sum of predictors stays within both bounds."""
        return self.hold_size(loads) and (
            self.seconds is None or self.seconds_of(loads) <= self.seconds
        )

    def hold_size(self, loads: Sequence[Load]) -> bool:
        """Tell whether a sum of predictors stays within the bytes."""
        return self.size is None or sum(each.size for each in loads) <= self.size

    def seconds_of(self, loads: Sequence[Load]) -> float:
        """Return what a row of a sum of predictors takes."""
        prepared = sum(self.preparing[recipe] for recipe in {each.recipe for each in loads})
        linear = {each.recipe for each in loads if each.linear}  # those of one recipe are one
        link = _LINKS.get(self.classes, _SHARES) if linear else 0.0
        answered = _LINEAR * len(linear) + link + sum(each.seconds for each in loads)
        fetched = _FAR * max(0.0, sum(each.size for each in loads) - _NEAR)
        return _ROW + prepared + answered + fetched


def reachable(seconds: float | None, preparing: Mapping[Recipe, float]) -> float | None:
    """Return a bound that a model can keep.

    Where preparing a row takes more than half of what was asked for, it is twice what that takes,
    because nothing would be left for the answer.

    >>> reachable(1e-4, {"tree": 2e-6}), reachable(1e-4, {"tree": 9.2e-5})
    (0.0001, 0.0002)
    """
    if seconds is None or not preparing:
        return seconds
    return max(seconds, 2.0 * (_ROW + min(preparing.values())))


def preparing_seconds(preparation: Preparation) -> float:
    """Return what preparing a row takes."""
    dear = {**_DEAR, **_TEXTS}
    return (
        _INPUT * len(preparation.inputs)
        + _FEATURE * len(preparation.outputs)
        + sum(dear.get(step.step, 0.0) for step in preparation.steps)
    )


def load_of(content: bytes) -> tuple[float, float]:
    """Return the seconds that trees add to a row and the bytes they take; the bytes of others."""
    if not is_trees(content):
        return 0.0, float(len(content))
    walk = walk_of(content)
    seconds = (
        _TREE * walk.trees
        + _SPLIT * walk.splits
        + _RARER * walk.rarer
        + _CATEGORICAL * walk.categorical
    )
    return seconds, float(_LEAF_BYTES * walk.leaves)
