"""Rows alike in every cell but one, which is too much for chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.likeness import needed, surprise
from mlwright.data.rules.rule import Marks, Rule, shown
from mlwright.data.sheet import Hashes, Places, Sheet

BY_CHANCE = 1e-8
"""A row is marked when it would have a near twin by chance with less than this probability."""

_MOST_ALIKE = 20_000
_FEWEST_COLUMNS = 4
_MOST_COLUMNS = 200


def _find(sheet: Sheet) -> Iterator[Marks]:
    names = list(sheet.names)
    if not _FEWEST_COLUMNS <= len(names) <= _MOST_COLUMNS:
        return
    names.sort(key=lambda name: -sheet.column(name).variety)
    alike = sorted(_alike(sheet, names), key=lambda each: len(each.places))
    total, kept = 0, []
    for each in alike:
        # A column but for which most rows are alike says nothing of any of them.
        total += len(each.places)
        if total <= _MOST_ALIKE:
            kept.append(each)
    if not kept:
        return
    places = np.unique(np.concatenate([each.places for each in kept]))
    bits = surprise(sheet.frame, places, sheet.known, names)
    enough = needed(sheet.frame.height, BY_CHANCE)
    for each in kept:
        at = np.searchsorted(places, each.places)
        shared = bits[at].sum(axis=1) - bits[at, names.index(each.name)]
        yield from _pairs(sheet, each, shared >= enough)


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """Rows alike in every column but ``name``, in order of their groups."""

    name: str
    places: Places
    groups: Hashes


def _alike(sheet: Sheet, names: Sequence[str]) -> Iterator[_Alike]:
    whole = sheet.hashes(names)
    first = np.flatnonzero(pl.Series(whole).is_first_distinct().to_numpy())
    one = sheet.hashes(names[::2])
    for own, other in ((names[1::2], one), (names[::2], whole - one)):
        # Two rows that differ in one cell agree in all of the half which does not hold it.
        rest = pl.Series(other[first])
        places = first[rest.is_duplicated().to_numpy()]
        for name in own if len(places) else ():
            # What sealed rows have as target is not looked at.
            rows = np.intersect1d(places, sheet.known) if name == sheet.target else places
            groups = whole[rows] - sheet.hash_of(name)[rows]
            twins = pl.Series(groups).is_duplicated().to_numpy()
            if twins.any():
                order = np.argsort(groups[twins], kind="stable")
                yield _Alike(name, rows[twins][order], groups[twins][order])


def _pairs(sheet: Sheet, alike: _Alike, unlikely: npt.NDArray[np.bool_]) -> Iterator[Marks]:
    marked: list[int] = []
    whys = []
    for start, end in _runs(alike.groups):
        if end - start != 2 or not unlikely[start:end].all():
            continue
        pair = alike.places[start:end]
        ids = sheet.row_ids.gather(pair).to_list()
        cells = sheet.frame[alike.name].gather(pair).to_list()
        marked += pair.tolist()
        whys += [
            f"as row {row} but for {alike.name!r}, where that has {shown(cell)}"
            for row, cell in zip(ids[::-1], cells[::-1], strict=True)
        ]
    if marked:
        yield Marks(alike.name, "every other cell is as in another row", np.array(marked), whys)


def _runs(groups: Hashes) -> Iterator[tuple[int, int]]:
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    yield from zip(starts.tolist(), [*starts[1:].tolist(), len(groups)], strict=True)


RULE = Rule(
    "near-duplicate",
    "Two rows alike in every cell but one, where that many equal cells come together by chance in "
    "fewer than one of 100 million rows. In tables of up to 200 columns.",
    _find,
)
