"""Exact additive reasons for one row: what each input column adds to the model's own score.

Trees: Shapley values over the trees, exact and from the library that answers (TreeSHAP). Linear
models: weight times feature, from the weights that answer. A column's amount is the sum over the
outputs of its steps. Nothing is sampled or approximated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mlwright.scoring.exchanged import MOST, exchanged
from mlwright.scoring.native.apart import terms_of
from mlwright.scoring.native.foreign import ALGORITHM, ForeignModel
from mlwright.scoring.native.protocol import Native
from mlwright.scoring.own.sources import fuller_row, table_columns
from mlwright.scoring.records import Additive, ModelPackage, Scale
from mlwright.scoring.row import Row, compile_features
from mlwright.scoring.scorer import native_of
from mlwright.train.records import Task, TaskKind

_SCALES = {
    TaskKind.REGRESSION: Scale.VALUE,
    TaskKind.BINARY: Scale.LOG_ODDS,
    TaskKind.MULTICLASS: Scale.LOG_WEIGHT,
    TaskKind.ANOMALY: Scale.DISTANCE,
    TaskKind.CLUSTERING: Scale.DISTANCE,
}


CENTRED = frozenset({"linear", ALGORITHM})
"""The algorithms whose reasons can start from any row: their terms are products, or each column is
exchanged with that row's."""


def additive(
    package: ModelPackage, content: bytes, row: Row, centre: Sequence[float] | None = None
) -> Additive:
    """Return the score of one row taken apart.

    Of two classes the score is always the second's; of several, that of the class that is
    answered.

    Parameters
    ----------
    content
        The package's predictor, as the store holds it.
    centre
        Features of the row that a linear model's reasons start from, such as the mean of many
        rows; all 0 when absent. Trees start from the mean over the rows they learned from.
    """
    native = native_of(package, content)
    features = compile_features(package.preparation)(fuller_row(package, row))
    if isinstance(native, ForeignModel):
        return _moved(package, native, features, centre)
    answer = native.row(features)
    task = package.task
    place = _shown(task, answer)
    terms = native.terms(features)[place]
    if centre is not None and package.configuration.algorithm in CENTRED:
        away = native.terms(centre)[place]
        terms[:-1] -= away[:-1]
        terms[-1] = math.fsum(away.tolist())
    *amounts, base = terms.tolist()
    columns = _by_column(package, amounts)
    score = native.scores(features)[place]
    total = math.fsum((base, *(amount for _, amount in columns)))
    shown = 1 if task.kind is TaskKind.BINARY else place
    return Additive(
        scale=_SCALES[task.kind],
        output=task.classes[shown] if task.classes else None,
        base=base,
        columns=columns,
        score=score,
        gap=0.0 if total == score else abs(total - score),
    )


def _shown(task: Task, answer: Sequence[float]) -> int:
    """Return the place of the score that is explained: of the class or cluster that is answered."""
    if task.kind is TaskKind.MULTICLASS:
        return answer.index(max(answer))
    return answer.index(min(answer)) if task.kind is TaskKind.CLUSTERING else 0


def amounts(
    package: ModelPackage, native: Native, features: Sequence[Sequence[float]]
) -> Sequence[Mapping[str, Sequence[float]]]:
    """Return what each input column adds to each score, row by row of prepared rows.

    A linear model's amounts start from the mean of these rows, as its weights alone say nothing of
    how far a feature moves; trees' start from the mean over the rows they learned from.
    """
    if isinstance(native, ForeignModel):
        return _exchanged(package, native, features[:MOST])
    if not len(features):
        return []
    terms = terms_of(native, np.array(features, dtype=np.float64))
    if package.configuration.algorithm in CENTRED:
        count = len(features)
        centre = [math.fsum(column) / count for column in zip(*features, strict=True)]
        terms -= native.terms(centre)
    by_column = {
        name: np.add.reduce(terms[:, :, np.array(places, dtype=np.intp)] * shares, axis=2).tolist()
        for name, (places, shares) in _places(package).items()
    }
    return [{name: each[row] for name, each in by_column.items()} for row in range(len(features))]


def _exchanged(
    package: ModelPackage, native: ForeignModel, features: Sequence[Sequence[float]]
) -> Sequence[Mapping[str, Sequence[float]]]:
    if not features:
        return []
    centre = [math.fsum(column) / len(features) for column in zip(*features, strict=True)]
    return exchanged(package, native, features, centre)[2]


def _moved(
    package: ModelPackage,
    native: ForeignModel,
    features: Sequence[float],
    centre: Sequence[float] | None,
) -> Additive:
    """Return how far one row's score moves with each column; what that leaves open is the gap."""
    task = package.task
    start = [0.0] * len(features) if centre is None else centre
    bases, scores, (amounts,) = exchanged(package, native, [features], start)
    place = int(scores[0].argmax()) if task.kind is TaskKind.MULTICLASS else 0
    base, score = float(bases[0, place]), float(scores[0, place])
    columns = tuple((name, each[place]) for name, each in amounts.items())
    shown = {TaskKind.REGRESSION: None, TaskKind.BINARY: 1}.get(task.kind, place)
    return Additive(
        scale=_SCALES[task.kind],
        output=None if shown is None else task.classes[shown],
        base=base,
        columns=columns,
        score=score,
        gap=abs(math.fsum((base, *(amount for _, amount in columns))) - score),
        moved=True,
    )


def scale_of(package: ModelPackage) -> Scale:
    """Return the scale on which a model's columns add up."""
    return _SCALES[package.task.kind]


def prepared(package: ModelPackage, row: Row) -> tuple[tuple[str, str, float], ...]:
    """Return one row as the predictor gets it: for each feature its column, name and number."""
    features = compile_features(package.preparation)(fuller_row(package, row))
    steps = package.preparation.steps
    columns = [table_columns(package, step.column)[0] for step in steps for _ in step.outputs]
    return tuple(zip(columns, package.preparation.outputs, features, strict=True))


def _places(package: ModelPackage) -> dict[str, tuple[list[int], list[float]]]:
    """Return which features each input column makes, and its share of each."""
    of: dict[str, tuple[list[int], list[float]]] = {
        column.name: ([], []) for column in package.signature.inputs
    }
    place = 0
    for step in package.preparation.steps:
        made = range(place, place + len(step.outputs))
        sources = step.sources
        for source in sources:  # what several columns make together is theirs in equal parts
            behind = table_columns(package, source.name)
            for name in behind:
                places, shares = of[name]
                places.extend(made)
                shares.extend([1.0 / len(sources) / len(behind)] * len(made))
        place += len(step.outputs)
    return of


def _by_column(package: ModelPackage, amounts: list[float]) -> tuple[tuple[str, float], ...]:
    return tuple(
        (name, math.fsum(amounts[place] * share for place, share in zip(*of, strict=True)))
        for name, of in _places(package).items()
    )
