"""Rows alike in every cell but one, which is too much for chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.column import Hashes, Places
from mlwright.data.likeness import needed, surprise
from mlwright.data.rules.rule import Marks, Rule, shown
from mlwright.data.sheet import Sheet

BY_CHANCE = 1e-8
"""A row is marked when it would have a near twin by chance with less than this probability."""

_MOST_ALIKE = 20_000
_FEWEST_COLUMNS = 4
_MOST_COLUMNS = 200


def _find(sheet: Sheet) -> Iterator[Marks]:
    names = sheet.names
    if not _FEWEST_COLUMNS <= len(names) <= _MOST_COLUMNS:
        return
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
    bits = surprise(sheet.rows, places, sheet.known, names)
    enough = needed(sheet.cells.height, BY_CHANCE)
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
    for half, places in enumerate(sheet.alike):
        # Two rows that differ in one cell agree in all of the half which does not hold it.
        if len(sheet.repeats):
            places = places[~np.isin(places, sheet.repeats)]
        whole = sheet.sums.whole(places)
        for name in names if len(places) else ():
            if sheet.seen(name).half == half:
                continue
            cells = sheet.cells.column(name).gather(places)
            rows, groups = places, whole - sheet.hash_of(name, cells)
            if name == sheet.target and sheet.fitted is not None:
                # What sealed rows have as target is not looked at.
                known = sheet.fitted.gather(places).to_numpy()
                rows, groups = places[known], groups[known]
            twins = pl.Series(groups).is_duplicated().to_numpy()
            if twins.any():
                order = np.argsort(groups[twins], kind="stable")
                yield _Alike(name, rows[twins][order], groups[twins][order])


def _pairs(sheet: Sheet, alike: _Alike, unlikely: npt.NDArray[np.bool_]) -> Iterator[Marks]:
    marked: list[int] = []
    others: list[int] = []
    for start, end in _runs(alike.groups):
        if end - start == 2 and unlikely[start:end].all():
            pair = alike.places[start:end].tolist()
            marked += pair
            others += pair[::-1]
    if marked:
        twins = np.array(others)
        cells = sheet.cells.column(alike.name).gather(twins)
        whys = [
            f"as row {row} but for {alike.name!r}, where that has {shown(cell)}"
            for row, cell in zip(sheet.cells.ids(twins), cells, strict=True)
        ]
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
