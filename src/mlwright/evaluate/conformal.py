"""How sure an answer is: sets and intervals calibrated on rows that chose nothing, and checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mlwright.data.records import Scalar
from mlwright.data.table import Table
from mlwright.evaluate.records import Conformal, ConformalBand, ConformalGroup
from mlwright.evaluate.truth import units_of
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.stats.conformal import band_of, distances_of, edges_of, margin_of, sets_of
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson
from mlwright.stats.worst_slices import design_effect
from mlwright.train.records import Task

LEVEL = 0.9
_FEWEST = 40
_FEWEST_OF_A_CLASS = 20
"""Calibrating rows under which a class takes the margin of all: its own would be everything."""
_NORMAL = 1.959963984540054


def conformal(
    table: Table, unseen: Unseen, task: Task, *, unit: str | None, in_time: bool, seed: int
) -> Conformal:
    """Return what holds the truth in nine rows of ten, sets or intervals, and whether it does.

    Half of the rows calibrate, the other half checks; whole units fall into one half. Where rows
    follow a time the earlier half calibrates and the later one checks, as it will be.
    """
    y, answers = unseen.y, unseen.answers
    units = units_of(judged_rows(table, unseen).table, unit)
    if len(y) < _FEWEST or not np.isfinite(answers).all():
        nothing = Interval(math.nan, math.nan, math.nan)
        return Conformal(LEVEL, 0, 0, task.classes, (), nothing, nothing, ())
    calibrates = _half(units, in_time=in_time, seed=seed)
    distances = distances_of(y, answers)
    if task.classes:
        edges: Sequence[float] = [math.inf] * len(task.classes)
        groups = y.astype(np.intp)
    else:
        edges = edges_of(answers[calibrates])
        groups = band_of(answers, edges)
    of_all = margin_of(distances[calibrates], LEVEL)
    members = [distances[calibrates & (groups == group)] for group in range(len(edges))]
    margins = [margin_of(m, LEVEL) if len(m) >= _FEWEST_OF_A_CLASS else of_all for m in members]
    checks = ~calibrates
    inside = (distances <= np.array(margins)[groups]).astype(np.float64)
    if task.classes:
        inside = np.maximum(inside, answers.argmax(axis=1) == y)
        size = sets_of(answers, margins).sum(axis=1)
    else:
        size = 2 * np.array(margins)[groups]
    names = [str(each) for each in task.classes] or _names(edges)
    return Conformal(
        level=LEVEL,
        calibrated=int(calibrates.sum()),
        checked=int(checks.sum()),
        classes=task.classes,
        bands=tuple(ConformalBand(*pair) for pair in zip(edges, margins, strict=True)),
        coverage=_share(inside[checks], units[checks]),
        size=mean_of(size[checks], units[checks]),
        groups=tuple(
            ConformalGroup(name, int(rows.sum()), _share(inside[rows], units[rows]))
            for name, rows in ((n, checks & (groups == g)) for g, n in enumerate(names))
            if rows.any()
        ),
    )


def held(found: Conformal, answer: Sequence[float]) -> tuple[Scalar, ...]:
    """Return the classes an answer's set holds, or the two ends of its interval; empty untold."""
    if not found.bands:
        return ()
    row = np.array([answer], dtype=np.float64)
    if not found.classes:
        margin = found.bands[int(band_of(row, [each.to for each in found.bands])[0])].margin
        return () if math.isinf(margin) else (answer[0] - margin, answer[0] + margin)
    inside = sets_of(row, [each.margin for each in found.bands])[0]
    return tuple(each for each, is_in in zip(found.classes, inside, strict=True) if is_in)


def _half(
    units: IntArray, *, in_time: bool, seed: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows calibrate: about half, whole units."""
    rows = np.bincount(units)
    order = np.arange(len(rows))  # units are numbered as they appear
    if not in_time:
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(rows))
    first = order[np.cumsum(rows[order]) <= (len(units) + 1) // 2]
    chosen = np.zeros(len(rows), dtype=np.bool_)
    chosen[first] = True
    return chosen[units]


def _names(edges: Sequence[float]) -> Sequence[str]:
    if len(edges) == 1:
        return ["all"]
    names = [f"answers up to {edges[0]:.4g}"]
    names += [f"up to {edge:.4g}" for edge in edges[1:-1]]
    return [*names, f"over {edges[-2]:.4g}"]


def _share(inside: FloatArray, units: IntArray) -> Interval:
    """Return a share; rows of one unit tell as little more than one as they vary together."""
    rows = len(inside)
    if not rows:
        return wilson(0, 0)
    fewer = max(1, round(rows / design_effect(inside, _renumbered(units))))
    return wilson(float(inside.mean()) * fewer, fewer)


def mean_of(values: FloatArray, units: IntArray) -> Interval:
    """Return a mean with its interval, widened as values of one unit vary together."""
    if not len(values) or not np.isfinite(values).all():
        return Interval(math.inf if len(values) else math.nan, math.nan, math.nan)
    widening = design_effect(values, _renumbered(units))
    half = _NORMAL * math.sqrt(widening * float(values.var()) / len(values))
    mean = float(values.mean())
    return Interval(mean, mean - half, mean + half)


def _renumbered(units: IntArray) -> IntArray:
    numbered: IntArray = np.unique(units, return_inverse=True)[1].astype(np.intp)
    return numbered
