"""A model explained as a whole, with as much work as it is given: never by a clock.

Work is counted in seconds of one thread as foreseen from the predictor's size, so that the same
model, rows and work give the same explanation on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.table import Table
from mlwright.evaluate.explanation.contributions import contributions
from mlwright.evaluate.explanation.dependence import POINTS, dependence
from mlwright.evaluate.explanation.permutation import losses
from mlwright.evaluate.explanation.records import Explanation, Importance
from mlwright.evaluate.explanation.tables import some_rows
from mlwright.evaluate.truth import Judged
from mlwright.features.prepare import transform
from mlwright.scoring.additive import scale_of
from mlwright.scoring.frames import cast_frame
from mlwright.scoring.native.protocol import Native
from mlwright.scoring.own.sources import fuller_frame
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load, native_of
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from mlwright.store.protocol import Store
from mlwright.train.target import rows_of

SHARE = 0.05
"""Of a search's budget, what a run may spend on explaining its model without being asked."""

THOROUGH = 20.0
"""Seconds of foreseen work when an explanation is asked for, and the most without."""

# Seconds a row, measured on boosted trees of 400 trees and 1.4 MB: 40 us to answer, 2.5 ms to take
# apart (TreeSHAP). Both grow with the trees and their leaves, as the text does.
_ANSWER, _ANSWER_BYTE, _APART, _APART_BYTE = 12e-6, 2.2e-11, 40e-6, 1.8e-9

_FEWEST = 100  # rows: of fewer no loss tells from chance
_ENOUGH = 1_000  # rows: beyond, more columns and repeats tell more
_MOST_ROWS, _MOST_REPEATS = 20_000, 5
_MOST_APART, _MOST_BACKGROUND = 1_000, 400
_FEWEST_COLUMNS, _MOST_DRAWN = 5, 12
_FEWEST_BACKGROUND = 40
_RESAMPLES = 200

_UNDEFINED = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is looked at: rows and columns to shuffle and how often, and the rest."""

    rows: int
    columns: int
    repeats: int
    apart: int
    background: int
    drawn: int


def explain(
    package: ModelPackage,
    store: Store,
    judged: Judged,
    seen: Table,
    *,
    method: str,
    seconds: float,
    unit: str | None,
    seed: int,
) -> Explanation:
    """Return what a model goes by.

    Parameters
    ----------
    judged
        Rows to shuffle columns on, best such that the model never saw; ``method`` says which.
    seen
        Rows the model learned from: they are counted, and stand behind the mean answers.
    seconds
        How much work it may be, foreseen for one thread.
    unit
        The column of the split's units: whole units are resampled.
    """
    content = store.get(package.predictor)
    names = [column.name for column in package.signature.inputs]
    metric = METRICS[package.task.metric]
    amount = amount_of(seconds, len(content), len(names), len(judged.y))
    if amount is None:
        why = (
            f"{seconds:.2g} s of work are too little to tell of {len(names)} columns on"
            f" {len(judged.y):,} rows"
        )
        scale = scale_of(package).value
        return Explanation(method, metric.name, 0, 0, 0, 0, 0, scale, (), (), why)
    native = native_of(package, content)
    rows = _fewer(judged, amount.rows)
    added = _added(package, native, judged, amount.apart)
    shuffled = sorted(names, key=lambda name: -added[name])[: amount.columns]
    answers = load(package, store).predict_frame
    lost = losses(
        rows, shuffled, answers, metric,
        repeats=amount.repeats, resamples=_RESAMPLES, unit=unit, seed=seed,
    )  # fmt: skip
    importances = _ordered(names, lost, added)
    inputs = {column.name: column for column in package.signature.inputs}
    cells = cast_frame(seen.frame, package.signature.inputs)
    background = some_rows(cells, amount.background)
    drawn = [each.column for each in importances if each.contribution > 0][: amount.drawn]
    found = [
        dependence(inputs[name], cells, background, answers, package.task.classes) for name in drawn
    ]
    return Explanation(
        method=method,
        metric=metric.name,
        rows=len(rows.y),
        repeats=amount.repeats,
        contributed=min(amount.apart, len(judged.y)),
        background=background.height,
        supported=cells.height,
        scale=scale_of(package).value,
        importances=importances,
        dependences=tuple(each for each in found if each is not None),
    )


def amount_of(seconds: float, size: int, columns: int, rows: int) -> Amount | None:
    """Return what is worth looking at with so much work; None where it would tell nothing.

    Half of the work goes into shuffling, a fifth into taking rows apart, the rest into drawing.
    """
    answer, apart = _ANSWER + _ANSWER_BYTE * size, _APART + _APART_BYTE * size
    answered = int(0.5 * seconds / answer)
    some = min(rows, _ENOUGH)
    shuffled = min(columns, max(_FEWEST_COLUMNS, answered // max(some, 1)))
    each = min(rows, _MOST_ROWS, answered // (shuffled + 1)) if shuffled else 0
    if each < min(_FEWEST, rows) or not each:
        return None
    points = int(0.3 * seconds / answer) // POINTS
    drawn = min(columns, max(_FEWEST_COLUMNS, int(seconds)), points // _FEWEST_BACKGROUND)
    drawn = min(drawn, _MOST_DRAWN)
    background = min(_MOST_BACKGROUND, points // max(drawn, 1))
    return Amount(
        rows=each,
        columns=shuffled,
        repeats=max(1, min(_MOST_REPEATS, (answered - each) // (each * shuffled))),
        apart=max(1, min(_MOST_APART, int(0.2 * seconds / apart))),
        background=background,
        drawn=drawn,
    )


def _fewer(judged: Judged, most: int) -> Judged:
    """Return at most so many judged rows, evenly drawn from their whole length."""
    count = len(judged.y)
    if count <= most:
        return judged
    places = np.arange(most, dtype=np.intp) * count // most
    return Judged(
        rows_of(judged.table, places), judged.y[places], judged.left_out, judged.places[places]
    )


def _added(package: ModelPackage, native: Native, judged: Judged, most: int) -> dict[str, float]:
    frame = some_rows(cast_frame(judged.table.frame, package.signature.inputs), most)
    features = transform(package.preparation, fuller_frame(package, frame)).tolist()
    return dict(contributions(package, native, features))


def _ordered(
    names: Sequence[str], lost: dict[str, Interval], added: dict[str, float]
) -> tuple[Importance, ...]:
    """Return the columns by what is lost without them, those that were not shuffled last."""
    total = math.fsum(added.values())
    found = [
        Importance(
            name, lost.get(name, _UNDEFINED), added[name], added[name] / total if total else 0.0
        )
        for name in names
    ]

    def worth(each: Importance) -> tuple[bool, float, float]:
        known = math.isfinite(each.loss.value)
        return (not known, -each.loss.value if known else 0.0, -each.contribution)

    return tuple(sorted(found, key=worth))
