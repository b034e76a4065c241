"""One row's features, in as few calls as can be: every way gives the bits of the steps themselves.

What the steps of one column make of a text is looked up once, all of it together. Numbers are
looked at together, which tells that nothing is wrong with any, and take plain arithmetic then. All
else goes through the compiled function of its step. At the end the features are put in the order
of the preparation.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import isnan
from operator import getitem, itemgetter, lt
from typing import Any

from mlwright.data.records import Kind
from mlwright.features.catalogue import WIDE_STEPS
from mlwright.features.records import FittedStep, Preparation
from mlwright.scoring.cast import INTEGERS, missing_columns
from mlwright.scoring.cells import compile_many, compile_one, compile_wide, surely_inside

Row = Mapping[str, object]
Numbers = Sequence[float]

_LEAST, _MOST = INTEGERS[0], INTEGERS[-1]
_NUMBERS = frozenset((int, float))
_WHOLE = frozenset((int,))
_DATES = (Kind.DATE, Kind.DATETIME)
_DATES_KEPT = 4_096
_LONGEST_DATE = 40  # characters: digits after the second may go on without end
_ARITHMETIC = ("passthrough", "scale", "bins", "indicator")
_BY_CATEGORY = ("ordinal", "one_hot", "frequency", "target_mean", "indicator")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step and the place of its first feature."""

    step: FittedStep
    first: int

    @property
    def places(self) -> range:
        """Where its features are."""
        return range(self.first, self.first + len(self.step.outputs))


@dataclass(frozen=True, slots=True)
class _Part:
    """Some steps: what they take of a row, and the features they make of it, at ``places``."""

    take: Callable[[Row], Any]
    make: Callable[[Any], Numbers]
    places: Sequence[int]


def compile_features(preparation: Preparation) -> Callable[[Row], list[float]]:
    """Return the function from a row to its features."""
    numbers = compile_numbers(preparation)
    return lambda record: [float(number) for number in numbers(record)]


def compile_numbers(preparation: Preparation) -> Callable[[Row], Numbers]:
    """Return the function from a row to its features, where an integer may stand for a float.

    It raises ``column-missing`` or ``value-kind`` as :mod:`mlwright.scoring.cast` does.
    """
    parts = _parts(preparation.steps)
    inputs = preparation.inputs
    if not parts:
        return lambda _: []
    order = [place for part in parts for place in part.places]
    ordered = _inverse(order)
    if len(parts) == 1:
        take, make = parts[0].take, parts[0].make

        def one_part(record: Row) -> Numbers:
            try:
                taken = take(record)
            except KeyError:
                raise missing_columns(record, inputs) from None
            made = make(taken)
            return made if ordered is None else ordered(made)

        return one_part
    takes, makes = [part.take for part in parts], [part.make for part in parts]

    def several(record: Row) -> Numbers:
        try:
            taken = [take(record) for take in takes]
        except KeyError:
            raise missing_columns(record, inputs) from None
        flat: list[float] = []
        for make, some in zip(makes, taken, strict=True):
            flat += make(some)
        return flat if ordered is None else ordered(flat)

    return several


def _inverse(order: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]] | None:
    """Return what puts features made in some order into that of the preparation; None if it is."""
    if list(order) == sorted(order):
        return None
    at = {place: number for number, place in enumerate(order)}
    return itemgetter(*(at[place] for place in range(len(order))))


def _parts(steps: Sequence[FittedStep]) -> list[_Part]:
    """Return the steps in parts; columns of numbers are one, those of categories another."""
    placed, first = [], 0
    for step in steps:
        placed.append(_Placed(step, first))
        first += len(step.outputs)
    columns: dict[tuple[str, Kind], list[_Placed]] = {}
    parts: list[_Part] = []
    for each in placed:
        if len(each.step.sources) == 1:
            columns.setdefault((each.step.column, each.step.kind), []).append(each)
        else:
            parts.append(_wide(each))
    floats: list[list[_Placed]] = []
    whole: list[list[_Placed]] = []
    categories: list[list[_Placed]] = []
    others: list[list[_Placed]] = []
    for (_, kind), some in columns.items():
        names = {each.step.step for each in some}
        if kind is Kind.STRING and names <= set(_BY_CATEGORY):
            categories.append(some)
        elif kind in (Kind.FLOAT, Kind.INTEGER) and names <= set(_ARITHMETIC):
            (floats if kind is Kind.FLOAT else whole).append(some)
        else:
            others.append(some)
    if others:
        parts.append(_alone(others))
    if floats or whole:
        parts.insert(0, _numeric(floats, whole))
    if categories:
        parts.insert(0, _categorical(categories))
    return parts


def _picker(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) == 1:
        name = names[0]
        return lambda record: (record[name],)
    return itemgetter(*names)


def _wide(placed: _Placed) -> _Part:
    names = [source.name for source in placed.step.sources]
    return _Part(_picker(names), compile_wide(placed.step), placed.places)


def _alone(columns: Sequence[Sequence[_Placed]]) -> _Part:
    """Return the steps of columns that are neither numbers nor categories."""
    each = [
        _remembered(_all_of(some)) if some[0].step.kind in _DATES else _all_of(some)
        for some in columns
    ]

    def make(values: tuple[Any, ...]) -> Numbers:
        pairs = zip(each, values, strict=True)
        return tuple(chain.from_iterable([cells(value) for cells, value in pairs]))

    return _Part(_picker([some[0].step.column for some in columns]), make, _all_places(columns))


def _remembered(make: Callable[[Any], tuple[float, ...]]) -> Callable[[Any], tuple[float, ...]]:
    """Read a date's text once: dates come again."""
    of_text = lru_cache(maxsize=_DATES_KEPT)(make)

    def cells(value: Any) -> tuple[float, ...]:
        if type(value) is str and len(value) <= _LONGEST_DATE:
            return of_text(value)
        return make(value)

    return cells


def _all_of(some: Sequence[_Placed]) -> Callable[[Any], tuple[float, ...]]:
    """Return what all steps of one column make of its cell, one after another."""
    each = [_cells(placed.step) for placed in some]
    if len(each) == 1:
        return each[0]
    return lambda value: tuple(chain.from_iterable([cells(value) for cells in each]))


def _cells(step: FittedStep) -> Callable[[Any], tuple[float, ...]]:
    if step.step in WIDE_STEPS:
        wide = compile_wide(step)
        return lambda value: wide((value,))
    if len(step.outputs) == 1:
        one = compile_one(step)
        return lambda value: (one(value),)
    return compile_many(step)


def _places(some: Iterable[_Placed]) -> list[int]:
    return [place for each in some for place in each.places]


def _all_places(columns: Iterable[Iterable[_Placed]]) -> list[int]:
    return [place for some in columns for place in _places(some)]


class _OfText(dict[object, tuple[float, ...]]):
    """What each text of a column becomes; a text that is not known becomes ``other``."""

    def __init__(self, some: Sequence[_Placed]) -> None:
        self._careful = careful = _all_of(some)
        known = dict.fromkeys(text for each in some for text in _texts_of(each.step))
        super().__init__((text, careful(text)) for text in known)
        other = ""
        while other in known:
            other += "?"
        self._other = careful(other)
        self[None] = careful(None)

    def __missing__(self, value: object) -> tuple[float, ...]:
        return self._other if type(value) is str else self._careful(value)


def _texts_of(step: FittedStep) -> Sequence[str]:
    if step.step != "target_mean":
        return step.categories
    # The key of a text is the text behind one character; that of a missing cell has none.
    return [key[1:] for key in step.categories if key]


def _categorical(columns: Sequence[Sequence[_Placed]]) -> _Part:
    known = [_OfText(some) for some in columns]
    careful = [_all_of(some) for some in columns]

    def make(values: tuple[Any, ...]) -> Numbers:
        try:
            return tuple(chain.from_iterable(map(getitem, known, values)))
        except TypeError:  # a list, say, is no key: its step tells what is wrong
            pairs = zip(careful, values, strict=True)
            return tuple(chain.from_iterable([one(value) for one, value in pairs]))

    return _Part(
        _picker([some[0].step.column for some in columns]),
        make,
        _all_places(columns),
    )


def _numeric(floats: Sequence[Sequence[_Placed]], whole: Sequence[Sequence[_Placed]]) -> _Part:
    """Return the steps of columns of numbers, those that may have fractions first."""
    columns = [*floats, *whole]
    at = {some[0].step.column: number for number, some in enumerate(columns)}
    every = [each for name in _ARITHMETIC for s in columns for each in s if each.step.step == name]
    makers = [
        maker
        for name, compiler in _COMPILERS.items()
        if (some := [each.step for each in every if each.step.step == name])
        for maker in compiler(some, [at[each.column] for each in some])
    ]
    cells = [(_cells(each.step), at[each.step.column]) for each in every]
    few = len(floats)

    def careful(values: tuple[Any, ...]) -> list[float]:
        return list(chain.from_iterable([one(values[place]) for one, place in cells]))

    def are_plain(values: tuple[Any, ...]) -> bool:
        if few == len(values):
            return _are_plain(values, _NUMBERS)
        if not few:
            return _are_plain(values, _WHOLE)
        return _are_plain(values[:few], _NUMBERS) and _are_plain(values[few:], _WHOLE)

    def passed(values: tuple[Any, ...]) -> Numbers:
        return values if are_plain(values) else careful(values)

    def make(values: tuple[Any, ...]) -> Numbers:
        if not are_plain(values):
            return careful(values)
        flat: list[float] = []
        for maker in makers:
            made = maker(values)
            if made is None:
                return careful(values)
            flat += made
        return flat

    only_passed = [each.step.step for each in every] == ["passthrough"] * len(columns)
    names = [some[0].step.column for some in columns]
    return _Part(_picker(names), passed if only_passed else make, _places(every))


def _are_plain(values: tuple[Any, ...], types: frozenset[type]) -> bool:
    """Tell whether columns of numbers take all as they are; some they would take may be doubted."""
    return (
        types.issuperset(map(type, values))
        and max(values) <= _MOST
        and min(values) >= _LEAST
        and not (float in types and isnan(sum(values)))
    )


Maker = Callable[[tuple[Any, ...]], Sequence[float] | None]
"""From plain numbers to features, None where one needs a look of its own."""


def _picked(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(places) == 1:
        place = places[0]
        return lambda values: (values[place],)
    return itemgetter(*places)


def _passed(steps: Sequence[FittedStep], places: Sequence[int]) -> Iterable[Maker]:  # noqa: ARG001
    yield _picked(places)


def _scaled(steps: Sequence[FittedStep], places: Sequence[int]) -> Iterable[Maker]:
    pick = _picked(places)
    bounds = [surely_inside(step) for step in steps]
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    means = [step.numbers[1] for step in steps]
    deviations = [step.numbers[2] for step in steps]

    def make(values: tuple[Any, ...]) -> list[float] | None:
        some = pick(values)
        if all(map(lt, lows, some)) and all(map(lt, some, highs)):
            triples = zip(some, means, deviations, strict=True)
            return [(value - mean) / deviation for value, mean, deviation in triples]
        return None

    yield make


def _binned(steps: Sequence[FittedStep], places: Sequence[int]) -> Iterable[Maker]:
    for step, place in zip(steps, places, strict=True):
        yield _one_binned(step.numbers, place)


def _one_binned(edges: tuple[float, ...], place: int) -> Maker:
    bins = max(len(edges) - 1, 0)
    wide = [high - low for low, high in pairwise(edges)]
    if not all(map(math.isfinite, (*edges, *wide))):
        return lambda _: None
    whole = (1.0,) * bins, (0.0,) * bins
    before = [(1.0,) * number for number in range(bins)]
    after = [(0.0,) * (bins - 1 - number) for number in range(bins)]

    def make(values: tuple[Any, ...]) -> tuple[float, ...]:
        number = float(values[place])
        passed = bisect_right(edges, number)
        if passed > bins:
            return whole[0]
        if passed == 0:
            return whole[1]
        inside = passed - 1
        return (*before[inside], (number - edges[inside]) / wide[inside], *after[inside])

    return make


def _none_missing(steps: Sequence[FittedStep], places: Sequence[int]) -> Iterable[Maker]:  # noqa: ARG001
    zeros = (0.0,) * len(steps)
    yield lambda _: zeros


_COMPILERS: Mapping[str, Callable[[Sequence[FittedStep], Sequence[int]], Iterable[Maker]]] = {
    "passthrough": _passed,
    "scale": _scaled,
    "bins": _binned,
    "indicator": _none_missing,
}
