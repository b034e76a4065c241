"""Draw stated probabilities to what happens, where rows not trained on say that it pays.

Scores are stretched by one number, and of two classes moved by another (after Platt 1999, and Guo
and others 2017): the order of the answers stays, and so do the sums behind their reasons. Answers
for a quantile are moved alone, until as many values lie under them as were asked for. Halves of the
rows choose for each other whether it pays; both numbers are then told by all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.stats.linear import shares_of
from mlwright.stats.metrics import level_of
from mlwright.train.algorithms.problem import Rows, Vector
from mlwright.train.algorithms.weights import quantile_of
from mlwright.train.blend import ALGORITHM, linked
from mlwright.train.calibration import SHIFT, STRETCH, Calibration
from mlwright.train.choice import sign_of
from mlwright.train.greedy import scores_behind
from mlwright.train.judged import Judged, mean, measured
from mlwright.train.records import Configuration, Decision, SearchResult, Task

_SURE = 2.0
"""Standard errors by which the log loss has to fall on rows that did not choose."""

_LEAST = 0.001
"""The least share of the log loss that is worth a step of its own."""

_FEWEST_ROWS = 200
_SMALLEST, _LARGEST = 0.1, 10.0
_ITERATIONS = 60
_SETTLED = 1e-9
_OVERRIDE = "search.calibrate"


def calibrated(
    result: SearchResult, judged: Sequence[Judged], rounds: Sequence[Rows], task: Task
) -> SearchResult:
    """Return a search's result with its choice calibrated where that pays, and the decision told.

    Parameters
    ----------
    rounds
        The rows that judged, a round each, in the order of the answers of ``judged``.
    """
    scores = _scores(result.chosen, {e.scored.configuration.name: e for e in judged})
    level = level_of(task.metric)
    if scores is None or not (task.classes or level):
        return result
    pooled = np.concatenate(scores)
    y = np.concatenate([each.y for each in rounds])
    weight = np.concatenate([np.ones(len(e.y)) if e.weight is None else e.weight for e in rounds])
    if len(y) < _FEWEST_ROWS or len(np.unique(y)) < max(len(task.classes), 1):
        return result
    gain, error, before = _gain(pooled, y, weight, level)
    found = _best(pooled, y, weight, level)
    loss, what = ("log loss", "probabilities") if level is None else (task.metric, "answers")
    told = f"{loss} {before:.4g} to {before - gain:.4g} on halves of the rows that judge, which"
    if level is None:
        pays = gain > _SURE * error and gain > _LEAST * before
    else:
        pays = gain >= 0.0 and _is_off(pooled, y, weight, level)
    pays = pays and _is_no_worse(scores, rounds, task, found)
    if not pays:
        decision = Decision(
            f"{what} as the model states them",
            f"drawn to what happens they would take {told} chose for each other: no more than"
            " chance, too little to tell, or worse by the metric that decides",
            _OVERRIDE,
        )
        return replace(result, decisions=(*result.decisions, decision))
    stretched = "" if level is not None else f" x {found.stretch:.3g}"
    moved = "" if len(task.classes) > 2 else f" {found.shift:+.3g}"
    decision = Decision(
        f"calibrated: scores{stretched}{moved}",
        f"{told} chose for each other; the order of the answers stays",
        _OVERRIDE,
        f"{gain:.4g} of {loss} without it",
    )
    return replace(
        result,
        chosen=_with(result.chosen, found),
        decisions=(*result.decisions, decision),
    )


def fitted(scores: Matrix, y: Vector, weight: Vector) -> Calibration:
    """Return what takes the log loss of some scores down most, by Newton's steps."""
    stretch, shift = 1.0, 0.0
    best = _mean_loss(scores, y, weight, Calibration(stretch, shift))
    for _ in range(_ITERATIONS):
        by_stretch, by_shift = _step(scores, y, weight, Calibration(stretch, shift))
        share = 1.0
        while share > _SETTLED:
            trial = Calibration(
                min(max(stretch - share * by_stretch, _SMALLEST), _LARGEST),
                shift - share * by_shift,
            )
            loss = _mean_loss(scores, y, weight, trial)
            if loss < best:
                break
            share /= 2.0
        else:
            break
        settled = best - loss < _SETTLED * max(best, _SETTLED)
        stretch, shift, best = trial.stretch, trial.shift, loss
        if settled:
            break
    return Calibration(stretch, shift)


def _scores(chosen: Configuration, judged: Mapping[str, Judged]) -> list[Matrix] | None:
    """Return a configuration's scores of the rows that judged; None where it has none."""
    if chosen.algorithm != ALGORITHM:
        one = judged.get(chosen.name)
        usable = one is not None and one.blends
        return [scores_behind(each) for each in one.answers] if one and usable else None
    members = [(judged[m.configuration.name], m.weight) for m in chosen.members]
    parts = [[scores_behind(each) * weight for each in one.answers] for one, weight in members]
    return [reduce(np.add, each) for each in zip(*parts, strict=True)]


def _with(chosen: Configuration, found: Calibration) -> Configuration:
    """Return a configuration whose fit is calibrated."""
    parameters = {**chosen.parameters, STRETCH: found.stretch, SHIFT: found.shift}
    return replace(chosen, parameters=parameters)


def _is_off(answers: Matrix, y: Vector, weight: Vector, level: float) -> bool:
    """Tell whether more or fewer values than were asked for lie under, beyond chance."""
    share = weight / np.sum(weight)
    below = float(np.sum(share * (y <= answers[:, 0])))
    error = float(np.sqrt(level * (1.0 - level) * np.sum(share**2)))
    return abs(below - level) > _SURE * error


def _best(scores: Matrix, y: Vector, weight: Vector, level: float | None) -> Calibration:
    if level is None:
        return fitted(scores, y, weight)
    return Calibration(1.0, quantile_of(y - scores[:, 0], weight, level))


def _gain(
    scores: Matrix, y: Vector, weight: Vector, level: float | None
) -> tuple[float, float, float]:
    """Return how far the loss falls on rows that did not choose, its error, and the loss."""
    after = np.empty(len(y))
    halves = np.arange(len(y)) % 2
    for choosing in (0, 1):
        chose, judges = halves == choosing, halves != choosing
        found = _best(scores[chose], y[chose], weight[chose], level)
        after[judges] = _losses(scores[judges], y[judges], found, level)
    before = _losses(scores, y, Calibration(1.0, 0.0), level)
    share = weight / np.sum(weight)
    gains = before - after
    gain = float(np.sum(share * gains))
    error = float(np.sqrt(np.sum((share * (gains - gain)) ** 2)))
    return gain, error, float(np.sum(share * before))


def _is_no_worse(
    scores: Sequence[Matrix], rounds: Sequence[Rows], task: Task, found: Calibration
) -> bool:
    classes = len(task.classes)
    pairs = list(zip(scores, rounds, strict=True))
    before = mean([measured(task.metric, rows, linked(each, classes)) for each, rows in pairs])
    moved = [(_moved(each, found), rows) for each, rows in pairs]
    after = mean([measured(task.metric, rows, linked(each, classes)) for each, rows in moved])
    return sign_of(task) * (after - before) >= -_SETTLED


def _moved(scores: Matrix, found: Calibration) -> Matrix:
    moved: Matrix = scores * found.stretch + (found.shift if scores.shape[1] == 1 else 0.0)
    return moved


def _shares(scores: Matrix, found: Calibration) -> Matrix:
    moved = _moved(scores, found)
    return shares_of(np.hstack([np.zeros_like(moved), moved]) if moved.shape[1] == 1 else moved)


def _losses(scores: Matrix, y: Vector, found: Calibration, level: float | None = None) -> Vector:
    if level is not None:
        above = y - _moved(scores, found)[:, 0]
        off: Vector = np.where(above >= 0.0, level * above, (level - 1.0) * above)
        return off
    of_truth = _shares(scores, found)[np.arange(len(y)), y.astype(np.intp)]
    losses: Vector = -np.log(np.maximum(of_truth, 1e-15))
    return losses


def _mean_loss(scores: Matrix, y: Vector, weight: Vector, found: Calibration) -> float:
    return float(np.sum(weight * _losses(scores, y, found)) / np.sum(weight))


def _step(scores: Matrix, y: Vector, weight: Vector, now: Calibration) -> tuple[float, float]:
    """Return Newton's step of the stretch and of the shift."""
    shares = _shares(scores, now)
    if scores.shape[1] > 1:
        of_truth = scores[np.arange(len(y)), y.astype(np.intp)]
        expected = np.sum(shares * scores, axis=1)
        spread = np.sum(shares * scores**2, axis=1) - expected**2
        curve = float(np.sum(weight * spread))
        slope = float(np.sum(weight * (expected - of_truth)))
        return (slope / curve if curve > 0.0 else 0.0), 0.0
    score, stated = scores[:, 0], shares[:, 1]
    off, spread = weight * (stated - y), weight * stated * (1.0 - stated)
    slope, level = float(np.sum(off * score)), float(np.sum(off))
    a = float(np.sum(spread * score * score))
    b = float(np.sum(spread * score))
    c = float(np.sum(spread))
    determinant = a * c - b * b
    if not determinant > 0.0:
        return 0.0, 0.0
    return (c * slope - b * level) / determinant, (a * level - b * slope) / determinant
