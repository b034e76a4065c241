"""What would have led to another answer: the columns that may change, asked of the real scorer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from mlwright.core.digest import Digest
from mlwright.core.records import load
from mlwright.data.records import Column, FeatureContract, Kind, Scalar
from mlwright.evaluate.records import Evaluation
from mlwright.features.settings import FeatureSettings
from mlwright.flows.decisions import spec_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.counterfactuals import Choice, Found, Goal, Row, position, search
from mlwright.govern.neighbours import distances
from mlwright.govern.reasons import changed, number
from mlwright.govern.records import Change, Counterfactual, Otherwise
from mlwright.registry.records import ModelVersion
from mlwright.scoring.additive import prepared
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.own.sources import fuller_frame
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer
from mlwright.serve.guard import Guard
from mlwright.serve.records import Flag
from mlwright.stats.spread import deviation_of
from mlwright.stats.without_target import LEVEL
from mlwright.train.records import Plan, TaskKind

if TYPE_CHECKING:
    import polars as pl

_SHARES = (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.98)
_MOST_VALUES = 12
_MOST_LOOKED = 20_000  # rows that values are drawn from, and that a changed row is held against
_DONORS, _NEAR = 5, 400  # rows with another answer, among so many of the nearest
_PRESUMED = 0.1  # of the answer: what is another number where no typical error is known
_TYPICAL = "mae"


@dataclass(frozen=True, slots=True)
class Again:
    """A recorded request, read and guarded again: its row as sent, as scored, and its flags."""

    version: ModelVersion
    package: ModelPackage
    scorer: Scorer
    guard: Guard
    sent: Mapping[str, object]
    used: Mapping[str, object]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """The data around a row: how far each of its rows is, and the mean of each feature."""

    frame: pl.DataFrame
    apart: NDArray[np.float64]
    centre: Sequence[float]


def fixed_columns(
    version: ModelVersion, package: ModelPackage, workspace: Workspace
) -> dict[str, str]:
    """Return the columns of which no other value is proposed, each with the reason.

    Named in ``[features] immutable`` now or when the model was made, compared for fairness, or what
    orders the rows in time.
    """
    started = next(iter(workspace.ledger.events(kind="run.started", subject=version.run))).facts
    spec = spec_of(started, workspace.store)
    inputs = cast("Mapping[str, str]", started["inputs"])
    now = workspace.settings.section(FeatureSettings).immutable
    fixed: dict[str, str] = {}
    for column in package.signature.inputs:
        name = column.name
        if name in now or f"'{name}'" in spec.get("features.immutable", ""):
            fixed[name] = "it cannot be changed ([features] immutable)"
        elif f"checks.fairness.{name}" in spec:
            fixed[name] = "its groups are compared for fairness"
    if "plan" in inputs:
        time = load(Plan, workspace.store.get(Digest(inputs["plan"]))).time
        if time is not None:
            fixed.setdefault(time, "it tells when the row was")
    return fixed


def otherwise(
    again: Again, near: Around | None, fixed: Mapping[str, str], workspace: Workspace
) -> tuple[Otherwise, ...]:
    """Return what would have led to another class, or to a number higher and one lower."""
    choices = tuple(_choices(again.package, near, fixed))
    return tuple(_search(again, near, choices, goal) for goal in _goals(again, workspace))


def _goals(again: Again, workspace: Workspace) -> Iterator[Goal]:
    scorer = again.scorer
    answer = scorer.predict_row(again.used)
    now = scorer.decide_row(answer)
    if again.package.task.kind is TaskKind.ANOMALY:
        if answer[0] <= LEVEL:
            goal = f"a row that is not unusual: a p-value over {LEVEL:g}"
            yield Goal(goal, _towards(LEVEL, 1.0), lambda answers: answers[:, 0] > LEVEL)
        return
    if again.package.task.kind is not TaskKind.REGRESSION:
        # Of distances the smallest is answered, of probabilities the largest.
        sign = -1.0 if again.package.task.kind is TaskKind.CLUSTERING else 1.0
        place = again.package.task.classes.index(now)

        def nearness(answers: Matrix) -> Matrix:
            others = np.delete(sign * answers, place, axis=1)
            found: Matrix = others.max(axis=1) - sign * answers[:, place]
            return found

        def reached(answers: Matrix) -> NDArray[np.bool_]:
            return np.array([value != now for value in scorer.decide(answers)], dtype=np.bool_)

        yield Goal(f"another answer than {now!r}", nearness, reached)
        return
    value = answer[0]
    evaluation = load(Evaluation, workspace.store.get(again.version.evaluation))
    found = evaluation.metrics.get(_TYPICAL)
    error = math.nan if found is None else found.value
    step = error if math.isfinite(error) and error > 0 else _PRESUMED * (abs(value) or 1.0)
    for word, sign in (("lower", -1.0), ("higher", 1.0)):
        yield Goal(
            f"an answer {word} by {number(step)} or more, its usual error",
            _towards(value, sign),
            _at_least(value, sign, step),
        )


def _towards(value: float, sign: float) -> Callable[[Matrix], Matrix]:
    return lambda answers: sign * (answers[:, 0] - value)


def _at_least(value: float, sign: float, step: float) -> Callable[[Matrix], NDArray[np.bool_]]:
    return lambda answers: sign * (answers[:, 0] - value) >= step


def _search(again: Again, near: Around | None, choices: Sequence[Choice], goal: Goal) -> Otherwise:
    donors = [] if near is None else _donors(again, near, goal)
    found, asked = search(again.used, choices, goal, again.scorer.predict_rows, donors)
    said = [each for each in (_told(again, near, one, goal) for one in found) if each is not None]
    count = f"{asked:,} changed row{'s' * (asked != 1)} asked about"
    if not choices:
        told = "no column of it may be changed"
    elif said:
        told = f"{goal.said}: {count}"
    else:
        most = "no change of up to three columns was found to give"
        told = f"{most} {goal.said}: {count}"
    return Otherwise(goal.said, tuple(said), asked, told)


def _told(again: Again, near: Around | None, found: Found, goal: Goal) -> Counterfactual | None:
    """Return what was found as a request with these cells would be answered, or None."""
    scorer = again.scorer
    used, _ = again.guard({**again.sent, **found.changes}, 0)
    answer = scorer.predict_row(used)
    if not goal.reached(np.array([answer]))[0]:
        return None
    value = scorer.decide_row(answer)
    classes = again.package.task.classes
    likely = classes and again.package.task.kind is not TaskKind.CLUSTERING
    share = answer[classes.index(value)] if likely else None
    changes = tuple(
        Change(column, again.used.get(column), after) for column, after in found.changes.items()
    )
    nearest = None
    if near is not None:
        features = [each for *_, each in prepared(again.package, used)]
        some = fuller_frame(again.package, _some(near.frame))
        apart, _ = distances(again.package.preparation, some, features)
        nearest = float(apart.min()) if len(apart) else None
    sentence = changed(changes, again.package.task.target, value, share)
    return Counterfactual(changes, value, share, found.distance, nearest, sentence)


def _some(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.height <= _MOST_LOOKED:
        return frame
    return frame[np.arange(_MOST_LOOKED, dtype=np.intp) * frame.height // _MOST_LOOKED]


def _donors(again: Again, near: Around, goal: Goal) -> list[Row]:
    """Return the nearest rows that are answered otherwise, as they would be sent."""
    inputs = again.package.signature.inputs
    places = np.argsort(near.apart, kind="stable")[:_NEAR]
    rows = near.frame[places].select(column.name for column in inputs)
    reached = goal.reached(again.scorer.predict_frame(rows))
    chosen = rows[np.flatnonzero(reached)[:_DONORS]]
    return [
        {name: _sent(value) for name, value in row.items()} for row in chosen.iter_rows(named=True)
    ]


def _choices(
    package: ModelPackage, near: Around | None, fixed: Mapping[str, str]
) -> Iterator[Choice]:
    promises = {feature.name: feature for feature in package.contract.features}
    frame = None if near is None else _some(near.frame)
    for column in package.signature.inputs:
        if column.name in fixed:
            continue
        promise = promises.get(column.name)
        cells = None if frame is None else frame[column.name].drop_nulls()
        if column.kind is Kind.BOOLEAN:
            yield Choice(column.name, column.kind, (False, True))
        elif column.kind is Kind.STRING:
            values = _categories(promise, cells)
            if values:
                yield Choice(column.name, column.kind, values)
        else:
            found = _numbers(column, promise, cells)
            if found is not None:
                yield found


def _categories(promise: FeatureContract | None, cells: pl.Series | None) -> tuple[Scalar, ...]:
    """Return the values that are promised, the most frequent first."""
    allowed = None if promise is None else promise.categories
    if cells is None:
        return tuple(allowed or ())[:_MOST_VALUES]
    counted = cells.value_counts(sort=True)[cells.name].to_list()
    kept = [value for value in counted if allowed is None or value in allowed]
    return tuple(sorted(kept[:_MOST_VALUES]))


def _numbers(
    column: Column, promise: FeatureContract | None, cells: pl.Series | None
) -> Choice | None:
    """Return a column of numbers or moments: values of the data within what is promised."""
    promised = () if promise is None else (promise.low, promise.high)
    ends = [end for end in promised if end is not None and math.isfinite(position(end))]
    known = [] if cells is None else [_sent(cell) for cell in cells.sort().to_list()]
    usable = [cell for cell in known if math.isfinite(position(cell))]
    drawn = [usable[int(share * (len(usable) - 1))] for share in _SHARES] if usable else []
    low, high = -math.inf, math.inf
    if len(ends) == 2:
        low, high = position(ends[0]), position(ends[1])
        drawn = [*drawn, *(ends if column.kind in (Kind.INTEGER, Kind.FLOAT) else ())]
    elif usable:
        low, high = position(usable[0]), position(usable[-1])
    values = [value for value in drawn if low <= position(value) <= high]
    if not values:
        return None
    places = np.array([position(cell) for cell in usable] or [position(v) for v in values])
    return Choice(
        column.name,
        column.kind,
        tuple(sorted(dict.fromkeys(values), key=position)),
        low,
        high,
        deviation_of(places) or 1.0,
    )


def _sent(value: object) -> Scalar:
    """Return a cell as a request holds it: a moment as text."""
    return value.isoformat() if isinstance(value, date) else cast("Scalar", value)
