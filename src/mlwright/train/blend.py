"""A blend: the weighted sum of its members' scores, over the union of their preparations.

Members of trees become one text of trees, whatever their recipes; a linear member stays as it is,
its weights multiplied. The content is ``{"format", "link", "members": [{"algorithm", "places",
"content"}]}``: a member reads the features at ``places`` (None: all), the scores of all members
add up, and ``link`` makes them answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlwright.core.encoding import canonical_json
from mlwright.features.numbers import Matrix
from mlwright.features.records import FittedStep, Preparation
from mlwright.stats.linear import scores_of, shares_of
from mlwright.train.algorithms import lightgbm
from mlwright.train.algorithms.problem import Problem
from mlwright.train.algorithms.tree_text import scores_for
from mlwright.train.tree_merge import WeightedTrees, is_trees, merged

ALGORITHM = "blend"
FORMAT = "mlwright/blend/1"

_LINEAR = "mlwright/linear/1"
_LINKS = {0: "identity", 2: "logistic"}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One fitted model of a blend."""

    preparation: Preparation
    content: bytes
    weight: float


def can_blend(content: bytes) -> bool:
    """Tell whether a predictor is one whose scores a blend can add up."""
    return is_trees(content) or _linear(content) is not None


def joined(
    parts: Sequence[Part], *, classes: int, intercept: float = 0.0
) -> tuple[Preparation, bytes]:
    """Return the preparation and the content of the weighted sum of several models.

    Parameters
    ----------
    intercept
        Added to the score where there is one.
    """
    union, places = union_of([part.preparation for part in parts])
    starts = [intercept if scores_for(classes) == 1 else 0.0] * scores_for(classes)
    members: list[dict[str, object]] = []
    trees = [
        WeightedTrees(part.content, part.weight, where)
        for part, where in zip(parts, places, strict=True)
        if is_trees(part.content)
    ]
    if trees:
        text = merged(trees, features=len(union.outputs), classes=classes, starts=starts)
        starts = [0.0] * len(starts)
        members.append({"algorithm": "lightgbm", "places": None, "content": text.decode()})
    linear: dict[tuple[int, ...], dict[str, Any]] = {}
    for part, where in zip(parts, places, strict=True):
        read = _linear(part.content)
        if read is not None:
            content = _weighted(read, part.weight, starts)
            starts = [0.0] * len(starts)
            before = linear.get(tuple(where))
            linear[tuple(where)] = content if before is None else _added(before, content)
    for at, content in linear.items():
        members.append({"algorithm": "linear", "places": list(at), "content": content})
    written = {"format": FORMAT, "link": _LINKS.get(classes, "softmax"), "members": members}
    return union, canonical_json(written)


def stretched(
    content: bytes, *, features: int, classes: int, stretch: float, shift: float
) -> bytes:
    """Return a predictor whose scores are those of another times a number, plus another.

    Only the score of a regression or of two classes is moved.
    """
    shifts = [shift if scores_for(classes) == 1 else 0.0] * scores_for(classes)
    if is_trees(content):
        trees = WeightedTrees(content, stretch, range(features))
        return merged([trees], features=features, classes=classes, starts=shifts)
    return canonical_json(_weighted(_linear(content), stretch, shifts))


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:
    """Return the answers for each row."""
    members = json.loads(content)["members"]
    if len(members) == 1 and members[0]["algorithm"] == "lightgbm":
        return lightgbm.answer(members[0]["content"].encode(), X, problem)
    found = [_scores(member, X, problem) for member in members]
    return linked(reduce(np.add, found), problem.classes)


def linked(scores: Matrix, classes: int) -> Matrix:
    """Return the answers behind scores: rows x 1 of values, or rows x classes of probabilities."""
    if classes == 0:
        return scores
    if classes == 2:
        scores = np.hstack([np.zeros_like(scores), scores])
    return shares_of(scores)


def union_of(preparations: Sequence[Preparation]) -> tuple[Preparation, list[list[int]]]:
    """Return one preparation that makes the features of several, and where each one's are in it.

    A step that several have is there once.
    """
    first = preparations[0]
    steps: list[FittedStep] = []
    starts: dict[FittedStep, int] = {}
    taken: set[str] = set()
    width = 0
    places: list[list[int]] = []
    for preparation in preparations:
        where: list[int] = []
        for step in preparation.steps:
            nameless = replace(step, outputs=("",) * len(step.outputs))
            if nameless not in starts:
                outputs = _distinct(step.outputs, taken)
                starts[nameless] = width
                steps.append(replace(step, outputs=outputs))
                width += len(outputs)
            where.extend(range(starts[nameless], starts[nameless] + len(step.outputs)))
        places.append(where)
    outputs = tuple(output for step in steps for output in step.outputs)
    unordered = {
        outputs[where[place]]
        for preparation, where in zip(preparations, places, strict=True)
        for place, output in enumerate(preparation.outputs)
        if output in preparation.categorical
    }
    inputs = {column.name: column for each in preparations for column in each.inputs}
    reasons = {name: why for each in preparations for name, why in each.dropped}
    recipes = list(dict.fromkeys(each.recipe for each in preparations))
    union = Preparation(
        recipe="+".join(recipes),
        inputs=tuple(inputs.values()),
        steps=tuple(steps),
        outputs=outputs,
        categorical=tuple(output for output in outputs if output in unordered),
        dropped=tuple((name, why) for name, why in reasons.items() if name not in inputs),
    )
    return (first if len(steps) == len(first.steps) else union), places


def _distinct(outputs: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    renamed: list[str] = []
    for output in outputs:
        name, number = output, 1
        while name in taken:
            number += 1
            name = f"{output} ({number})"
        taken.add(name)
        renamed.append(name)
    return tuple(renamed)


def _linear(content: bytes) -> Any:
    """Return what a linear model's content holds; None for another's."""
    if not content.startswith(b"{"):
        return None
    read = json.loads(content)
    return read if read.get("format") == _LINEAR else None


def _weighted(read: Any, weight: float, starts: Sequence[float]) -> dict[str, Any]:
    intercepts: NDArray[np.float64] = np.array(read["intercepts"], dtype=np.float64) * weight
    weights: NDArray[np.float64] = np.array(read["weights"], dtype=np.float64) * weight
    return {
        **read,
        "intercepts": (intercepts + np.array(starts)).tolist(),
        "weights": weights.tolist(),
    }


def _added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return one linear content that answers with the sum of two over the same features."""
    summed = {
        name: (np.array(one[name]) + np.array(other[name])).tolist()
        for name in ("intercepts", "weights")
    }
    return {**one, **summed}


def _scores(member: Any, X: Matrix, problem: Problem) -> Matrix:
    if member["algorithm"] == "lightgbm":
        return lightgbm.scores(member["content"].encode(), X, problem)
    read, places = member["content"], member["places"]
    weights = np.array(read["weights"], dtype=np.float64)
    intercepts = np.array(read["intercepts"], dtype=np.float64)
    return scores_of(np.ascontiguousarray(X[:, places]), weights, intercepts)
