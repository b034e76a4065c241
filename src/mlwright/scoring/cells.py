"""A fitted step compiled for one cell: casting and transforming in one short function.

Each cell function gives the bits that the step's own ``transform_value`` gives for the cast
value. The types that JSON delivers are met first; all others take the strict cast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import STEPS, WIDE_STEPS
from mlwright.features.keys import key_of
from mlwright.features.records import FittedStep
from mlwright.features.steps import text_score
from mlwright.features.steps.bins import through_bins
from mlwright.features.steps.target_mean import means_of
from mlwright.features.text import Terms, phrases_of, runs_of
from mlwright.features.weighed_terms import compiled
from mlwright.scoring.cast import INTEGERS, cast_value

Cell = Callable[[Any], float]
Cells = Callable[[Any], tuple[float, ...]]

_TERMS: Mapping[str, Terms] = {"words": phrases_of, "characters": runs_of}
_LEAST, _MOST = INTEGERS[0], INTEGERS[-1]


def compile_one(step: FittedStep) -> Cell:
    """Return the function for a step of one column with one output."""
    careful = compile_many(step)

    def slow(value: Any) -> float:
        return careful(value)[0]

    if step.kind is Kind.BOOLEAN:
        return _boolean(slow)
    compiler = _ONE.get((step.step, step.kind))
    return slow if compiler is None else compiler(step, slow)


def compile_many(step: FittedStep) -> Cells:
    """Return the function for a step of one column with any number of outputs."""
    column = Column(step.column, step.kind)
    transform = partial(STEPS[step.step].transform_value, step)

    def slow(value: Any) -> tuple[float, ...]:
        return transform(cast_value(value, column))

    if step.kind is Kind.DATE:
        return _date(slow)
    if step.step == "frequency":
        return _frequency(step, slow)
    if step.step == "bins" and step.kind is not Kind.BOOLEAN:
        return _bins(step, slow)
    if step.step in _TERMS:
        weights = compiled(step, _TERMS[step.step])
        return lambda value: weights(value) if type(value) is str else slow(value)
    return _one_hot(step, slow) if step.step == "one_hot" else slow


def compile_wide(step: FittedStep) -> Callable[[Sequence[Any]], tuple[float, ...]]:
    """Return the function for a step that reads several columns, from their cells in order."""
    sources, transform = step.sources, partial(WIDE_STEPS[step.step].transform_value, step)

    def slow(values: Sequence[Any]) -> tuple[float, ...]:
        pairs = zip(values, sources, strict=True)
        return transform([cast_value(value, column) for value, column in pairs])

    if step.step == "target_mean":
        return _target_mean(step, slow)
    if step.step == "text_score":
        says = text_score.compiled(step)
        return lambda values: says(values[0]) if type(values[0]) is str else slow(values)
    return slow


def _boolean(slow: Cell) -> Cell:
    """Compile any step that reads truth values: it has three answers."""
    yes, no, missing = slow(True), slow(False), slow(None)

    def cell(value: Any) -> float:
        if value is True:
            return yes
        if value is False:
            return no
        return missing if value is None else slow(value)

    return cell


_DATES_KEPT = 4_096  # eleven years of days
_LONGEST_DATE = 40  # characters: digits after the second may go on without end


def _date(slow: Cells) -> Cells:
    """Read a day's text once: days come again."""
    of_text, missing = lru_cache(maxsize=_DATES_KEPT)(slow), slow(None)

    def cells(value: Any) -> tuple[float, ...]:
        if type(value) is str and len(value) <= _LONGEST_DATE:
            return of_text(value)
        return missing if value is None else slow(value)

    return cells


def _float(step: FittedStep, slow: Cell) -> Cell:  # noqa: ARG001 - the shape of a compiler
    def cell(value: Any) -> float:
        kind = type(value)
        if kind is float:
            # A NaN may carry a payload; the one that is passed on does not.
            return value if value == value else math.nan
        if kind is int and _LEAST <= value <= _MOST:
            return float(value)
        return math.nan if value is None else slow(value)

    return cell


def _integer(step: FittedStep, slow: Cell) -> Cell:  # noqa: ARG001
    def cell(value: Any) -> float:
        if type(value) is int and _LEAST <= value <= _MOST:
            return float(value)
        return math.nan if value is None else slow(value)

    return cell


def _ordinal(step: FittedStep, slow: Cell) -> Cell:
    codes = {text: float(place) for place, text in enumerate(step.categories)}
    find, other = codes.get, float(len(step.categories))

    def cell(value: Any) -> float:
        if type(value) is str:
            return find(value, other)
        return math.nan if value is None else slow(value)

    return cell


SURELY_INSIDE = 1e5
"""Deviations within which a step of the kind ``scale`` bounds nothing; it does at ten times it."""


def surely_inside(step: FittedStep) -> tuple[float, float]:
    """Return bounds between which a step of the kind ``scale`` bounds no number.

    Both are NaN where there are none.
    """
    _, mean, deviation = step.numbers
    low, high = mean - SURELY_INSIDE * deviation, mean + SURELY_INSIDE * deviation
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.nan, math.nan
    if step.kind is Kind.INTEGER:
        low, high = max(low, _LEAST), min(high, _MOST)
    return low, high


def _scale(step: FittedStep, slow: Cell) -> Cell:
    _, mean, deviation = step.numbers
    missing = slow(None)
    low, high = surely_inside(step)
    if not low < high:
        return slow
    whole = step.kind is Kind.INTEGER

    def cell(value: Any) -> float:
        kind = type(value)
        if (kind is int or (kind is float and not whole)) and low < value < high:
            return (value - mean) / deviation  # type: ignore[no-any-return]
        return missing if value is None else slow(value)

    return cell


def _indicator(step: FittedStep, slow: Cell) -> Cell:
    plain: Any = {Kind.STRING: str, Kind.INTEGER: int}.get(step.kind, float)
    bounded = step.kind is Kind.INTEGER

    def cell(value: Any) -> float:
        if type(value) is plain and value == value:  # NaN is missing
            return 0.0 if not bounded or _LEAST <= value <= _MOST else slow(value)
        return 1.0 if value is None else slow(value)

    return cell


def _one_hot(step: FittedStep, slow: Cells) -> Cells:
    """Make each answer there is, once."""
    answers = {text: slow(text) for text in step.categories}
    find, missing = answers.get, slow(None)
    other = (0.0,) * (len(step.outputs) - 1) + (1.0,)

    def cells(value: Any) -> tuple[float, ...]:
        if type(value) is str:
            return find(value, other)
        return missing if value is None else slow(value)

    return cells


def _bins(step: FittedStep, slow: Cells) -> Cells:
    edges, missing = step.numbers, slow(None)
    whole = step.kind is Kind.INTEGER

    def cells(value: Any) -> tuple[float, ...]:
        kind = type(value)
        if (kind is int and _LEAST <= value <= _MOST) or (kind is float and not whole):
            return through_bins(edges, float(value))
        return missing if value is None else slow(value)

    return cells


def _frequency(step: FittedStep, slow: Cells) -> Cells:
    answers = {text: (share,) for text, share in zip(step.categories, step.numbers, strict=True)}
    find, missing, other = answers.get, slow(None), (0.0,)

    def cells(value: Any) -> tuple[float, ...]:
        if type(value) is str:
            return find(value, other)
        return missing if value is None else slow(value)

    return cells


def _target_mean(
    step: FittedStep, slow: Callable[[Sequence[Any]], tuple[float, ...]]
) -> Callable[[Sequence[Any]], tuple[float, ...]]:
    """Look a key up once its cells are of the kinds that make it."""
    if [source.kind for source in step.sources] == [Kind.STRING]:
        return _mean_of_text(step, slow)
    find, other = means_of(step).get, step.numbers[: len(step.outputs)]
    plain = tuple({Kind.STRING: str, Kind.INTEGER: int}.get(c.kind, bool) for c in step.sources)
    whole = [place for place, column in enumerate(step.sources) if column.kind is Kind.INTEGER]

    def cells(values: Sequence[Any]) -> tuple[float, ...]:
        if tuple(map(type, values)) == plain and all(
            _LEAST <= values[place] <= _MOST for place in whole
        ):
            return find(key_of(values), other)
        return slow(values)

    return cells


def _mean_of_text(
    step: FittedStep, slow: Callable[[Sequence[Any]], tuple[float, ...]]
) -> Callable[[Sequence[Any]], tuple[float, ...]]:
    other, missing = step.numbers[: len(step.outputs)], slow((None,))
    # The key of a text is the text behind one character; that of a missing cell has none.
    find = {key[1:]: means for key, means in means_of(step).items() if key}.get

    def cells(values: Sequence[Any]) -> tuple[float, ...]:
        (value,) = values
        if type(value) is str:
            return find(value, other)
        return missing if value is None else slow(values)

    return cells


_ONE: Mapping[tuple[str, Kind], Callable[[FittedStep, Cell], Cell]] = {
    ("passthrough", Kind.FLOAT): _float,
    ("passthrough", Kind.INTEGER): _integer,
    ("ordinal", Kind.STRING): _ordinal,
    ("scale", Kind.FLOAT): _scale,
    ("scale", Kind.INTEGER): _scale,
    ("indicator", Kind.FLOAT): _indicator,
    ("indicator", Kind.INTEGER): _indicator,
    ("indicator", Kind.STRING): _indicator,
}
