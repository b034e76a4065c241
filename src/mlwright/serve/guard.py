"""What a contract promises, held against one row: flagged, clipped or refused, as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import contains, ge, itemgetter, le
from typing import Any

import numpy as np

from mlwright.core.errors import DataError
from mlwright.data.promises import breach_of, is_ranged, promises_of
from mlwright.data.records import Column, Contract, FeatureContract
from mlwright.data.terms import actions_of
from mlwright.scoring.cast import missing_columns
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.plan import places_passed_on
from mlwright.scoring.records import ModelPackage
from mlwright.serve.records import Breach, Flag
from mlwright.serve.settings import ServeSettings

Row = Mapping[str, Any]
Guard = Callable[[Row, int], tuple[Row, tuple[Flag, ...]]]
"""Takes a row and its place in the request; gives the row to score and what broke a promise."""

_FLAG, _CLIP, _REFUSE = "flag", "clip", "refuse"


def policy_of(settings: ServeSettings) -> dict[str, str]:
    """Return what is done with each breach: the policy a segment of records keeps."""
    return {
        Breach.UNSEEN.value: settings.unseen,
        Breach.OUT_OF_RANGE.value: settings.out_of_range,
        Breach.NULL.value: settings.null,
    }


def compile_guard(contract: Contract, inputs: Iterable[Column], policy: Mapping[str, str]) -> Guard:
    """Return the function that holds a row against the promises of the columns a model reads.

    ``policy`` maps the value of each :class:`Breach` to ``flag``, ``clip`` (numbers only) or
    ``refuse``; what the contract itself says of a column comes first. A cell that is not of its
    column's kind is left to the scorer, which refuses it.

    Raises
    ------
    DataError
        From the function: ``contract-broken`` where the policy refuses, ``column-missing``.
    """
    inputs = tuple(inputs)
    promised = {feature.name: feature for feature in contract.features}
    features = tuple(promised[each.name] for each in inputs if each.name in promised)
    kept = _compile_quick(features)
    judgement = _Judgement(contract, features, policy, actions_of(contract))

    def guard(row: Row, place: int = 0) -> tuple[Row, tuple[Flag, ...]]:
        try:
            try:
                if kept(row):
                    return row, ()
            except TypeError:  # a cell that cannot be compared: empty, or of another kind
                pass
            return _look(row, place, judgement)
        except KeyError:
            raise missing_columns(row, inputs) from None

    return guard


def guard_of(package: ModelPackage, policy: Mapping[str, str]) -> Guard:
    """Return the guard of a model: behind its repairs, where it has any."""
    guard = compile_guard(package.contract, package.signature.inputs, policy)
    if not package.repairs:
        return guard
    from mlwright.scoring.repairing import compile_repair  # of no use to a model without repairs

    repaired = compile_repair(package.repairs)

    def guarded(row: Row, place: int = 0) -> tuple[Row, tuple[Flag, ...]]:
        return guard(repaired(row), place)

    return guarded


def columns_guard_of(package: ModelPackage) -> Callable[..., bool]:
    """Return the quick test of a model's columns; where cells may need repair, rows tell."""
    if package.repairs:
        return lambda *_: False
    places = places_passed_on(package.preparation)
    if package.own is not None:  # what a feature holds is not what was sent
        places = {n: at for n, at in places.items() if n not in {m.name for m in package.own.makes}}
    return compile_columns_guard(package.contract, package.signature.inputs, places)


def _compile_quick(features: tuple[FeatureContract, ...]) -> Callable[[Row], bool]:
    """Return a quick test that a row keeps every promise; it may also fail for one that does."""
    ranged = _Ranges(tuple(f for f in features if is_ranged(f) and not f.nullable))
    loose = _Ranges(tuple(f for f in features if is_ranged(f) and f.nullable))
    known = tuple(f for f in features if f.categories is not None)
    filled = tuple(
        f for f in features if not f.nullable and not is_ranged(f) and f.categories is None
    )
    pick_known, pick_filled = _picker(known), _picker(filled)
    categories = tuple(
        frozenset((*(f.categories or ()), *((None,) if f.nullable else ()))) for f in known
    )

    def kept(row: Row) -> bool:
        cells = ranged.pick(row)
        if not (all(map(le, ranged.lows, cells)) and all(map(ge, ranged.highs, cells))):
            return False
        for value, low, high in zip(loose.pick(row), loose.lows, loose.highs, strict=True):
            if value is not None and not low <= value <= high:
                return False
        return all(map(contains, categories, pick_known(row))) and None not in pick_filled(row)

    return kept


def compile_columns_guard(
    contract: Contract, inputs: Iterable[Column], passed_on: Mapping[str, int] | None = None
) -> Callable[..., bool]:
    """Return a quick test that whole columns keep every promise.

    It takes a mapping of column to cells and, where ``passed_on`` names columns whose numbers are
    features as they are, with their places, the rows' features. Where it says no, or raises
    ``KeyError`` or ``TypeError``, row by row has to tell what is wrong, if anything is.
    """
    places = passed_on or {}
    names = {each.name for each in inputs}
    features = tuple(each for each in contract.features if each.name in names)
    known = {f.name: frozenset((*(f.categories or ()), None)) for f in features}
    numbers = [f for f in features if f.name in places and _is_told_by_floats(f)]
    filled = _Bounds([f for f in numbers if not f.nullable], places, np.minimum, np.maximum)
    loose = _Bounds([f for f in numbers if f.nullable], places, np.fmin, np.fmax)
    others = tuple(f for f in features if f not in numbers)

    def kept(columns: Mapping[str, Sequence[Any]], X: Matrix | None = None) -> bool:
        if X is None or not len(X):
            return all(_column_kept(f, columns[f.name], known) for f in features)
        return (
            filled.kept(X)
            and loose.kept(X)
            and all(_column_kept(f, columns[f.name], known) for f in others)
        )

    return kept


def _column_kept(
    feature: FeatureContract, cells: Sequence[Any], known: Mapping[str, frozenset[Any]]
) -> bool:
    if None in cells:
        if not feature.nullable:
            return False
        if is_ranged(feature):
            cells = [cell for cell in cells if cell is not None]
    if is_ranged(feature):
        low: Any = feature.low
        high: Any = feature.high
        return not cells or (low <= min(cells) and max(cells) <= high)
    return feature.categories is None or known[feature.name].issuperset(cells)


_EXACT = 2**53


def _is_told_by_floats(feature: FeatureContract) -> bool:
    """Tell whether a cell is within its range just if its float is: not where integers round."""
    if not is_ranged(feature):
        return False
    low: Any = feature.low
    high: Any = feature.high
    return bool(low > -_EXACT and high < _EXACT)


class _Bounds:
    """The limits of features, side by side; ``least`` and ``most`` say what a NaN counts as."""

    def __init__(
        self,
        features: Sequence[FeatureContract],
        places: Mapping[str, int],
        least: np.ufunc,
        most: np.ufunc,
    ) -> None:
        self._places = [places[f.name] for f in features]
        self._lows = np.array([f.low for f in features], dtype=np.float64)
        self._highs = np.array([f.high for f in features], dtype=np.float64)
        self._least, self._most = least, most

    def kept(self, X: Matrix) -> bool:
        """Tell whether no row is outside; no number at all is as good as one outside."""
        if not self._places:
            return True
        found = X[:, self._places]
        return bool(
            (self._lows <= self._least.reduce(found)).all()
            and (self._most.reduce(found) <= self._highs).all()
        )


@dataclass(slots=True, init=False)
class _Ranges:
    """The limits of several columns, side by side."""

    pick: Callable[[Row], tuple[Any, ...]]
    lows: tuple[Any, ...]
    highs: tuple[Any, ...]

    def __init__(self, features: tuple[FeatureContract, ...]) -> None:
        self.pick = _picker(features)
        self.lows = tuple(f.low for f in features)
        self.highs = tuple(f.high for f in features)


def _picker(features: tuple[FeatureContract, ...]) -> Callable[[Row], tuple[Any, ...]]:
    names = [feature.name for feature in features]
    if not names:
        return lambda _: ()
    if len(names) == 1:
        name = names[0]
        return lambda row: (row[name],)
    return itemgetter(*names)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What a look at every cell needs: promises, and what becomes of a cell that breaks one."""

    contract: Contract
    features: tuple[FeatureContract, ...]
    policy: Mapping[str, str]
    actions: Mapping[tuple[str, Breach], str]


def _look(row: Row, place: int, judgement: _Judgement) -> tuple[Row, tuple[Flag, ...]]:
    """Look at every cell, and say of each what it broke."""
    flags: list[Flag] = []
    clipped: dict[str, Any] = {}
    for feature in judgement.features:
        value = row[feature.name]
        breach = breach_of(feature, value)
        if breach is None:
            continue
        own = judgement.actions.get((feature.name, breach))
        what = own or judgement.policy[breach.value]
        if what == _REFUSE:
            raise broken(judgement.contract, feature, value, breach, place, stated=own is not None)
        clip = what == _CLIP and breach is Breach.OUT_OF_RANGE
        if clip:
            low: Any = feature.low
            clipped[feature.name] = low if value < low else feature.high
        flags.append(Flag(place, feature.name, breach, value, clip))
    return ({**row, **clipped} if clipped else row), tuple(flags)


def broken(
    contract: Contract,
    feature: FeatureContract,
    value: Any,
    breach: Breach,
    place: int,
    *,
    stated: bool,
) -> DataError:
    """Return the refusal of a cell that broke its promise; ``stated`` where a line asks for it."""
    promise = (
        "which the contract lets no cell be"
        if breach is Breach.NULL
        else _cut(f"and {_promises(contract)[feature.name]}", _LONGEST)
    )
    shown = "null" if value is None else _cut(repr(value), _SHOWN)
    where = (
        f"write flag: before the line of {feature.name!r} under [contract] and train"
        if stated
        else f'{_key(breach)} = "flag" under [serve]'
    )
    return DataError(
        "contract-broken",
        f"the column {feature.name!r} holds {shown}, {promise}",
        fix=f"correct the value; to be answered with a flag instead: {where}",
        facts={
            "column": feature.name,
            "breach": breach.value,
            "value": shown,
            "row": place,
            "low": feature.low,
            "high": feature.high,
        },
    )


_promises = lru_cache(maxsize=16)(promises_of)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


_SHOWN = 60
_LONGEST = 160


def _key(breach: Breach) -> str:
    return breach.value.replace("-", "_")
