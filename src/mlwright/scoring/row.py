"""One row's features, in as few calls as can be: every way gives the bits of the steps themselves.

What the steps of one column make of a text is looked up once, all of it together. Numbers are
looked at together, which tells that nothing is wrong with any, and take plain arithmetic then. All
else goes through the compiled function of its step. The features are packed as they come, eight
bytes each; who reads them puts them in order.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import hypot
from operator import getitem, itemgetter
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from mlwright.data.records import Kind
from mlwright.features.catalogue import WIDE_STEPS
from mlwright.features.records import FittedStep, Preparation
from mlwright.scoring.cast import INTEGERS, missing_columns
from mlwright.scoring.cells import (
    SURELY_INSIDE,
    compile_many,
    compile_one,
    compile_wide,
    surely_inside,
)
from mlwright.scoring.native.lanes import inverse

Row = Mapping[str, object]
Numbers = Sequence[float]

_MOST = INTEGERS[-1]
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


class _Texts(NamedTuple):
    """Columns of categories: what they take of a row, and what is looked up, packed."""

    take: Callable[[Row], Any]
    look_up: Callable[[Any], bytes]
    places: Sequence[int]


def compile_features(preparation: Preparation) -> Callable[[Row], list[float]]:
    """Return the function from a row to its features."""
    pack, order = compile_packed(preparation)
    at = inverse(order)
    return lambda record: np.frombuffer(pack(record))[at].tolist()


def compile_packed(preparation: Preparation) -> tuple[Callable[[Row], bytes], Sequence[int]]:
    """Return the function from a row to its features as bytes, and the place of each of them.

    It raises ``column-missing`` or ``value-kind`` as :mod:`mlwright.scoring.cast` does.
    """
    texts, parts = _parts(preparation.steps)
    inputs = preparation.inputs
    take_texts, look_up, places = texts or (lambda _: (), lambda _: b"", ())
    takes, makes = [part.take for part in parts], [part.make for part in parts]
    made = [place for part in parts for place in part.places]
    pack = Struct(f"={len(made)}d").pack
    order = [*places, *made]
    if len(parts) == 1:
        (take,), (make,) = takes, makes

        def one_part(record: Row) -> bytes:
            try:
                some, taken = take_texts(record), take(record)
            except KeyError:
                raise missing_columns(record, inputs) from None
            return look_up(some) + pack(*make(taken))

        return one_part, order

    def several(record: Row) -> bytes:
        try:
            some, taken = take_texts(record), [take(record) for take in takes]
        except KeyError:
            raise missing_columns(record, inputs) from None
        known = look_up(some)
        flat: list[float] = []
        for make, values in zip(makes, taken, strict=True):
            flat += make(values)
        return known + pack(*flat)

    return several, order


def _parts(steps: Sequence[FittedStep]) -> tuple[_Texts | None, list[_Part]]:
    """Return the steps in parts: columns of categories, of numbers together, and all others."""
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
    return _categorical(categories) if categories else None, parts


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


class _OfText(dict[object, bytes]):
    """What each text of a column becomes, packed; a text that is not known becomes ``other``."""

    def __init__(self, some: Sequence[_Placed]) -> None:
        self._make = _all_of(some)
        self._pack = Struct(f"={len(_places(some))}d").pack
        careful = self.careful
        known = dict.fromkeys(text for each in some for text in _texts_of(each.step))
        super().__init__((text, careful(text)) for text in known)
        other = ""
        while other in known:
            other += "?"
        self._other = careful(other)
        self[None] = careful(None)

    def careful(self, value: object) -> bytes:
        """Return what the steps make of any cell."""
        return self._pack(*self._make(value))

    def __missing__(self, value: object) -> bytes:
        return self._other if type(value) is str else self.careful(value)


def _texts_of(step: FittedStep) -> Sequence[str]:
    if step.step != "target_mean":
        return step.categories
    # The key of a text is the text behind one character; that of a missing cell has none.
    return [key[1:] for key in step.categories if key]


def _categorical(columns: Sequence[Sequence[_Placed]]) -> _Texts:
    known = [_OfText(some) for some in columns]

    def look_up(values: tuple[Any, ...]) -> bytes:
        try:
            return b"".join(map(getitem, known, values))
        except TypeError:  # a list, say, is no key: its step tells what is wrong
            pairs = zip(known, values, strict=True)
            return b"".join([of_text.careful(value) for of_text, value in pairs])

    names = [some[0].step.column for some in columns]
    return _Texts(_picker(names), look_up, _all_places(columns))


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
        types = _NUMBERS if few else _WHOLE
        if not (types.issuperset(map(type, values)) and _are_small(values)):
            return False
        return not few or few == len(values) or _WHOLE.issuperset(map(type, values[few:]))

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


def _are_small(values: tuple[Any, ...]) -> bool:
    """Tell whether numbers are all there and a column of integers holds each of them.

    Some that it does hold are doubted: no number is larger than the root of the sum of squares.
    """
    try:
        return hypot(*values) <= _MOST
    except OverflowError:
        return False


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
    bounds = [surely_inside(step) for step in steps]
    if not all(low < high for low, high in bounds):
        yield lambda _: None
        return
    pick = _picked(places)
    means = [step.numbers[1] for step in steps]
    deviations = [step.numbers[2] for step in steps]

    def make(values: tuple[Any, ...]) -> list[float] | None:
        triples = zip(pick(values), means, deviations, strict=True)
        scaled = [(value - mean) / deviation for value, mean, deviation in triples]
        # None is larger than the root of the sum of squares; the step bounds what lies far out.
        return scaled if hypot(*scaled) < SURELY_INSIDE else None

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
