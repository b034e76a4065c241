"""Groups treated more alike, where that is asked: weights before training, limits after it.

*Weights* (Kamiran and Calders 2012): a row counts as much more as its label is rarer in its group
than in all rows, so that group and label go together no longer. The model that learns from them
needs no protected column to answer.

*Thresholds* (Hardt, Price and Srebro 2016): each group gets a limit of its own, such that the same
share of its positives (or of all its rows) is selected; of all such shares the one that decides
most rows rightly. A limit is a shift of the group's score, one more term of the sum that every
model is: answers stay additive, and 0.5 stays the limit. The group is read from the row that asks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlwright.core.encoding import canonical_json
from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.groups import groups_named
from mlwright.features.prepare import transform
from mlwright.features.records import Preparation
from mlwright.features.steps import one_hot
from mlwright.stats.fairness import SMALLEST_GROUP, TRUE_POSITIVE
from mlwright.train import blend
from mlwright.train.records import Configuration, Fitted, Member, Task

if TYPE_CHECKING:
    import polars as pl

WEIGHTS, THRESHOLDS = "weights", "thresholds"
EVENED = {
    WEIGHTS: "rows are weighted so that labels no longer go with the groups of",
    THRESHOLDS: "limits of their own are set for the groups of",
}
FOLDS = 3
"""Rounds of answers to rows a model did not learn from, by which the limits are set."""

_SHARES = np.arange(1, 200) / 200
_SUREST = 30.0

Vector = NDArray[np.float64]


def weights_for(frame: pl.DataFrame, y: Vector, task: Task) -> Vector | None:
    """Return how much each row counts; None where nothing was asked or no class is known."""
    asked = task.evening
    if asked is None or asked.how != WEIGHTS or not task.classes:
        return None
    groups = groups_named(frame, asked.name)
    labels = y.astype(np.intp)
    cell = groups.codes * len(task.classes) + labels
    of_cell = np.bincount(cell, minlength=len(groups.names) * len(task.classes))
    of_group = np.bincount(groups.codes, minlength=len(groups.names))
    of_label = np.bincount(labels, minlength=len(task.classes))
    weights: Vector = (
        of_group[groups.codes] * of_label[labels] / (len(y) * of_cell[cell].astype(np.float64))
    )
    return weights


def levelled(
    fitted: Fitted, table: Table, y: Vector, held_out: NDArray[np.float64], task: Task
) -> Fitted:
    """Return a model whose groups have limits of their own.

    Parameters
    ----------
    y, held_out
        The rows' classes, and answers to them of models that did not learn from them; NaN where
        there is none.
    """
    asked = task.evening
    if asked is None or len(task.classes) != 2:
        return fitted
    column = next(each for each in columns_of(table.frame) if each.name == asked.name)
    step = one_hot.fit(table.frame[column.name], column)
    reads = Preparation("groups", (column,), (step,), step.outputs, (), ())
    member = transform(reads, table.frame)
    known = np.isfinite(held_out[:, 1]) & np.isfinite(y)
    worth = _worth(task.costs)
    shifts = shifts_for(_log_odds(held_out[known]), y[known], member[known], asked.aim, worth)
    terms = {
        "format": "mlwright/linear/1",
        "link": "logistic",
        "intercepts": [0.0],
        "weights": [shifts.tolist()],
    }
    part = blend.Part(reads, canonical_json(terms), 1.0)
    parts = _parts(fitted)
    if not parts:
        return fitted
    preparation, content = blend.joined([*parts, part], classes=2)
    return Fitted(_as_blend(fitted.configuration), fitted.task, preparation, content)


def shifts_for(
    scores: Vector,
    y: Vector,
    member: NDArray[np.float64],
    aim: str,
    worth: tuple[float, float] = (1.0, 1.0),
) -> Vector:
    """Return what is added to the score of each group, so that all are decided at one limit.

    Groups of too few rows share the limit of all rows.

    Parameters
    ----------
    scores
        Log-odds.
    member
        Rows x groups: 1 where the row is in the group.
    worth
        What deciding rightly is worth for a negative and for a positive row; the limit at which
        the scores are decided follows from it.
    """
    counted = y == 1 if aim == TRUE_POSITIVE else np.ones(len(y), dtype=np.bool_)
    groups = member.shape[1]
    inside = [member[:, group] == 1 for group in range(groups)]
    enough = [int((counted & rows).sum()) >= SMALLEST_GROUP for rows in inside]
    if sum(enough) < 2:
        return np.zeros(groups)
    of_all = np.quantile(scores[counted], 1 - _SHARES)
    limits = np.stack(
        [
            np.quantile(scores[counted & rows], 1 - _SHARES) if known else of_all
            for rows, known in zip(inside, enough, strict=True)
        ]
    )
    right = np.zeros(len(_SHARES))
    for group, rows in enumerate(inside):
        ordered_no = np.sort(scores[rows & (y == 0)])
        ordered_yes = np.sort(scores[rows & (y == 1)])
        right += worth[0] * np.searchsorted(ordered_no, limits[group], side="right")
        found = len(ordered_yes) - np.searchsorted(ordered_yes, limits[group], side="right")
        right += worth[1] * found
    decided_at = float(np.log(worth[0] / worth[1]))
    best: Vector = decided_at - limits[:, int(np.argmax(right))]
    return best


def _worth(costs: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return what deciding rightly saves for a row of each class; 1 and 1 without costs."""
    if not costs:
        return 1.0, 1.0
    negative, positive = costs[0][1] - costs[0][0], costs[1][0] - costs[1][1]
    # Where one mistake costs nothing there is one decision, and no limit to move.
    return (negative, positive) if min(negative, positive) > 0 else (1.0, 1.0)


def _log_odds(answers: NDArray[np.float64]) -> Vector:
    with np.errstate(divide="ignore"):
        odds = np.log(answers[:, 1]) - np.log(answers[:, 0])
    clipped: Vector = np.clip(odds, -_SUREST, _SUREST)
    return clipped


def _parts(fitted: Fitted) -> list[blend.Part]:
    """Return what a model adds up; nothing for one whose scores are no sum that can be joined."""
    if blend.can_blend(fitted.content):
        return [blend.Part(fitted.preparation, fitted.content, 1.0)]
    if not fitted.configuration.members:
        return []
    width = len(fitted.preparation.outputs)
    return [
        blend.Part(fitted.preparation, _content(member, width), 1.0)
        for member in json.loads(fitted.content)["members"]
    ]


def _content(member: Any, width: int) -> bytes:
    """Return a member's content over all features of the blend it is in."""
    if member["algorithm"] == "lightgbm":
        return str(member["content"]).encode()
    read = member["content"]
    weights = np.zeros((len(read["weights"]), width))
    weights[:, member["places"]] = read["weights"]
    return canonical_json({**read, "weights": weights.tolist()})


def _as_blend(configuration: Configuration) -> Configuration:
    members = configuration.members or (Member(configuration, 1.0),)
    return Configuration(
        configuration.name, blend.ALGORITHM, configuration.parameters, None, members
    )
