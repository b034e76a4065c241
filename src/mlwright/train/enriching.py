"""The recipe ``rich``: features are added by what a first model leaves over, and kept by chance.

Both look at training rows alone, and again in each fold. Trees are grown on the features and their
shadows: the same with their rows shuffled, which can tell nothing. Columns that gain no more than
shadows are left out where rows that the trees did not see are then answered better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import assembled, transform_training
from mlwright.features.propose import proposed, refitted
from mlwright.features.records import FittedStep, Preparation
from mlwright.features.truth import Truth, crossed
from mlwright.train.algorithms import lightgbm
from mlwright.train.algorithms.problem import Problem, Rows, Vector

if TYPE_CHECKING:
    import polars as pl

_MOST_ROWS = 8_000
_FEWEST_ROWS = 100
_TREES = {"trees": 60, "rate": 0.1, "leaves": 16, "smallest_leaf": 10, "row_share": 0.8}
_SHUFFLES = 3
_SEED = 7
_NO_GAIN = "trees gain no more from it than from a shuffled column"


def enriched(preparation: Preparation, X: Matrix, frame: pl.DataFrame, truth: Truth) -> Preparation:
    """Return a preparation with more features of two columns, and without columns of no use.

    Parameters
    ----------
    preparation
        Fitted on the rows of ``frame``.
    X
        These rows as it prepares them for training.
    """
    rows = len(X)
    if rows < _FEWEST_ROWS or not truth.width:
        return preparation
    places = np.arange(min(rows, _MOST_ROWS), dtype=np.intp) * rows // min(rows, _MOST_ROWS)
    some, told = frame[places], truth.of(places)
    found = proposed(some, preparation.inputs, _left_over(X[places], told), told)
    more = [refitted(each.step, frame, truth) for each in found]
    every = _of_steps(preparation, [*preparation.steps, *more])
    kept = _kept(every, transform_training(every, some, told), told)
    return _of_steps(every, kept) if kept else every


def _of_steps(preparation: Preparation, steps: Sequence[FittedStep]) -> Preparation:
    """Return a preparation of some steps; a column that none of them reads is told as dropped."""
    why = {column.name: _NO_GAIN for column in preparation.inputs}
    found = assembled(preparation.recipe, preparation.inputs, steps, why)
    return replace(found, dropped=(*preparation.dropped, *found.dropped))


def _left_over(X: Matrix, truth: Truth) -> Matrix:
    """Return the target less the answer of a model that did not see the row: rows x outputs."""
    found = truth.indicators().copy()
    for learning, judged in crossed(truth):
        problem = _problem(truth)
        rows = Rows(X[learning], truth.values[learning])
        content = lightgbm.fit(rows, problem, None).content
        answers = lightgbm.answer(content, X[judged], problem)
        found[judged] -= answers[:, 1:] if truth.classes == 2 else answers
    return found


def _kept(preparation: Preparation, X: Matrix, truth: Truth) -> list[FittedStep]:
    """Return all steps, or those that gain more than shadows where fewer answer surely better.

    Held against are the best shadow and the middle one. Each choice answers rows that its trees did
    not see; a column of little use is cheap, and one of some use dear to lose.
    """
    groups = np.array(_groups(preparation.steps), dtype=np.intp)
    own, shadows = _group_gains(X, groups, truth)
    whole = _loss(X, truth)
    best, chosen = 0.0, np.ones(len(own), dtype=np.bool_)
    for bound in (float(np.median(shadows)), float(np.max(shadows))):
        more = own > bound
        if not more.any() or more.all():
            continue
        gain = whole - _loss(np.ascontiguousarray(X[:, more[groups]]), truth)
        mean, error = float(np.mean(gain)), float(np.std(gain)) / len(gain) ** 0.5
        if mean - error > best:
            best, chosen = mean - error, more
    place = 0
    kept: list[FittedStep] = []
    for step in preparation.steps:
        if chosen[groups[place]]:
            kept.append(step)
        place += len(step.outputs)
    return kept


def _group_gains(X: Matrix, groups: NDArray[np.intp], truth: Truth) -> tuple[Vector, Vector]:
    """Return what each group of features gains beside shadows, and what each shadow gains."""
    width, count = X.shape[1], int(groups.max()) + 1
    own, shadows = np.zeros(count), np.zeros(count)
    for turn in range(_SHUFFLES):
        shuffled = np.random.default_rng(_SEED + turn).permutation(len(X))
        gains = _gains(np.hstack([X, X[shuffled]]), truth, turn)
        own += np.bincount(groups, weights=gains[:width], minlength=count)
        shadows += np.bincount(groups, weights=gains[width:], minlength=count)
    return own, shadows


def _loss(X: Matrix, truth: Truth) -> Vector:
    """Return each row's squared error, answered by trees that did not see it."""
    found: Vector = np.sum(_left_over(X, truth) ** 2, axis=1)
    return found


def _groups(steps: Sequence[FittedStep]) -> list[int]:
    """Return for each output the number of its group: a column, or several that make one step."""
    names = [tuple(source.name for source in step.sources) for step in steps for _ in step.outputs]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


def _gains(X: Matrix, truth: Truth, turn: int) -> Vector:
    """Return what trees gain from each feature."""
    problem = _problem(truth, turn)
    rows = Rows(X, truth.values)
    asked = {**lightgbm.DEFAULTS, **problem.parameters}
    parameters = lightgbm.parameters_for(asked, rows, problem)
    learning = lightgbm.learning_rows(rows, problem)
    text, _ = lightgbm.grown(parameters, learning.of(rows), int(asked["trees"]))
    gains = np.zeros(X.shape[1])
    for features, gained in zip(
        _lines(text, "split_feature"), _lines(text, "split_gain"), strict=True
    ):
        np.add.at(gains, [int(place) for place in features], [float(gain) for gain in gained])
    return gains


def _lines(text: str, name: str) -> list[list[str]]:
    return [
        line.partition("=")[2].split() for line in text.split("\n") if line.startswith(f"{name}=")
    ]


def _problem(truth: Truth, turn: int = 0) -> Problem:
    return Problem(
        classes=truth.classes, categorical=(), parameters=_TREES, seed=_SEED + turn, threads=1
    )
