"""Change rows in every way of the catalogue, ask the model again, and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.evaluate.robustness.changes.catalogue import WAYS, Way
from mlwright.evaluate.robustness.noticing import noticed
from mlwright.evaluate.robustness.records import Change, ColumnChange, Robustness
from mlwright.evaluate.robustness.subject import Subject, rows_for
from mlwright.stats.bootstrap import mean_of, observed, replicates, summarise
from mlwright.stats.counts import FloatArray, IntArray
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson

MOST_TOLD = 10
RESAMPLES = 500
"""The ends of an interval wander by about a twentieth of its width, which is no matter here."""


def shake(subject: Subject, ways: Sequence[str] = tuple(WAYS)) -> Robustness:
    """Return what each way of changing rows does to a model's answers."""
    some = subject.evenly(rows_for(subject))
    before = some.ask(some.rows)
    found = {way: _changed(some, before, way, WAYS[way]) for way in ways}
    changes = {way: change for way, change in found.items() if change is not None}
    return Robustness(subject.task.metric, changes, subject.seed)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Answers to rows with one column changed, and what of each row changed with it."""

    column: str | None
    answers: FloatArray
    flip: FloatArray | None
    move: FloatArray
    unnoticed: FloatArray | None


def _changed(subject: Subject, before: FloatArray, name: str, way: Way) -> Change | None:
    if not len(subject.y):
        return None
    flagged = noticed(subject.contract, subject.rows)
    decided = None if subject.decide is None else subject.decide(before)
    asked = []
    for column, rows in way.make(subject):
        answers = subject.ask(rows)
        flip = unnoticed = None
        if decided is not None and subject.decide is not None:
            flip = (subject.decide(answers) != decided).astype(np.float64)
            # A row that was flagged before the change is flagged for another reason.
            news = noticed(subject.contract, rows) & ~flagged
            unnoticed = flip * ~news
        move = np.abs(answers - before).max(axis=1) / subject.scale
        asked.append(_Asked(column, answers, flip, move, unnoticed))
    return _told(subject, before, asked, name, way) if asked else None


def _told(
    subject: Subject, before: FloatArray, asked: Sequence[_Asked], name: str, way: Way
) -> Change:
    flips = [each.flip for each in asked if each.flip is not None]
    quiet = [each.unnoticed for each in asked if each.unnoticed is not None]
    flip = _share(flips, subject.units) if flips else None
    unnoticed = _share(quiet, subject.units) if quiet else None
    after = _one_of(subject, asked, name)
    names = tuple(dict.fromkeys(each.column for each in asked if each.column is not None))
    moves: dict[str | None, list[FloatArray]] = {None: [each.move for each in asked]}
    moves |= {each: [one.move for one in asked if one.column == each] for each in names}
    move, drop = _intervals(subject, before, after, moves)
    worst = _worst_first(subject, asked, move)
    return Change(
        way=name,
        what=way.said,
        rows=len(subject.y),
        flip=flip,
        move=move[None],
        drop=drop,
        unnoticed=unnoticed,
        columns=tuple(worst[:MOST_TOLD]),
        said=_in_words(way, flip, move[None], unnoticed, worst),
    )


def _worst_first(
    subject: Subject, asked: Sequence[_Asked], move: Mapping[str | None, Interval]
) -> list[ColumnChange]:
    found = []
    for column in move:
        flips = [o.flip for o in asked if o.column == column and o.flip is not None]
        if column is not None:
            flip = _share(flips, subject.units) if flips else None
            found.append(ColumnChange(column, flip, move[column]))

    def size(each: ColumnChange) -> tuple[float, float]:
        return (-each.flip.value if each.flip else 0.0, -each.move.value)

    return sorted(found, key=size)


def _share(each: Sequence[FloatArray], units: IntArray) -> Interval:
    """Return the mean of shares by Wilson's interval over units, which is wide enough for it.

    No mean of numbers between 0 and 1 varies more than a share of the same size.
    """
    mean = float(np.mean([values.mean() for values in each]))
    count = int(units.max()) + 1
    return wilson(mean * count, count)


def _one_of(subject: Subject, asked: Sequence[_Asked], name: str) -> FloatArray:
    """Return answers where each row has one of the changes, drawn for it."""
    drawn = subject.generator(f"{name} drawn").integers(0, len(asked), len(subject.y))
    one: FloatArray = np.stack([each.answers for each in asked])[drawn, np.arange(len(subject.y))]
    return one


def _intervals(
    subject: Subject,
    before: FloatArray,
    after: FloatArray,
    moves: Mapping[str | None, Sequence[FloatArray]],
) -> tuple[dict[str | None, Interval], Interval]:
    """Return the mean move of each column and of all (None), and the drop, from one resampling."""
    metric = METRICS[subject.task.metric]
    sign = 1.0 if metric.greater_is_better else -1.0
    statistics = [metric.statistic(subject.y, before), metric.statistic(subject.y, after)]
    statistics += [mean_of(np.mean(np.stack(each), axis=0)) for each in moves.values()]
    rows, seed = len(subject.y), subject.seed
    value = observed(statistics, rows).tolist()
    drawn = replicates(statistics, rows, seed=seed, resamples=RESAMPLES, units=subject.units)
    drop = summarise(sign * (value[0] - value[1]) + 0.0, sign * (drawn[0] - drawn[1]) + 0.0)
    found = {
        column: summarise(value[place], drawn[place]) for place, column in enumerate(moves, start=2)
    }
    return found, drop


def _in_words(
    way: Way,
    flip: Interval | None,
    move: Interval,
    unnoticed: Interval | None,
    columns: Sequence[ColumnChange],
) -> str:
    worst = columns[0] if columns else None
    if flip is None:
        size = f"the answer moves by {move.value:.3g} of the target's spread on average"
        by = f"; most by {worst.column!r}" if worst and worst.move.value > 0 else ""
        return f"When {way.said}, {size} (95 %: {move.low:.3g} to {move.high:.3g}){by}."
    by = seen = ""
    if worst is not None and worst.flip is not None and worst.flip.value > 0:
        by = f"; most by {worst.column!r}, {worst.flip.value:.1%}"
    if unnoticed is not None and flip.value > 0:
        flagged = 1 - unnoticed.value / flip.value
        seen = f"; the contract would flag {flagged:.0%} of these"
    return (
        f"When {way.said}, {flip.value:.1%} of the decisions change"
        f" (95 %: {flip.low:.1%} to {flip.high:.1%}){by}{seen}."
    )
