"""The rounds of a cross-validation: which rows are fitted and which judge, never the same unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from mlwright.data.rows import ID_DIGITS
from mlwright.data.table import Table
from mlwright.train.records import Task, TaskKind
from mlwright.train.target import target_values

Places = NDArray[np.intp]
Round = tuple[Places, Places]
"""The places of the rows to fit on, and of those that judge."""


def rounds_of(
    table: Table, task: Task, count: int, *, seed: int, unit: str | None, time: str | None
) -> tuple[Round, ...]:
    """Return the rounds of a cross-validation over the rows with a known target.

    Without ``time`` every row judges once, except the only unit of a class, which is always
    fitted on; classes are spread evenly. With ``time`` the table is in its order, and each round
    is judged by the rows that follow the fitted ones.

    Parameters
    ----------
    count
        How many rounds; fewer where there are fewer units.
    seed
        Another seed gives other rounds: the repeats of a repeated cross-validation.
    unit
        The column whose equal values stay together; else equal rows do.
    """
    y = target_values(table.frame, task)
    known = np.flatnonzero(np.isfinite(y))
    units = _units(table, unit)
    if time is not None:
        return _forward(known, units, count)
    classes = task.kind is not TaskKind.REGRESSION
    strata = _strata(y[known], task)
    folds = _folds([units[p] for p in known], strata, count, seed, keep_lone=classes)
    return tuple(
        (known[folds != fold], known[folds == fold])
        for fold in range(count)
        if (folds == fold).any() and (folds != fold).any()
    )


def numbered_units(table: Table, unit: str | None) -> Places | None:
    """Return the number of each row's unit, in the order they come; None where there are none."""
    if unit is None:
        return None
    numbers: dict[object, int] = {}
    units = [numbers.setdefault(each, len(numbers)) for each in _units(table, unit)]
    return np.array(units, dtype=np.intp)


def _units(table: Table, unit: str | None) -> list[object]:
    if unit is None:
        return [_content(row_id) for row_id in table.row_ids.to_list()]
    values = table.frame[unit].to_list()
    ids = table.row_ids.to_list()
    return [
        ("row", row_id) if value is None else value
        for value, row_id in zip(values, ids, strict=True)
    ]


def _content(row_id: str) -> str:
    """Return what equal rows without a key share: their ids differ in the repeat alone."""
    head, tail = row_id[:ID_DIGITS], row_id[ID_DIGITS:]
    return head if tail.startswith("-") and tail[1:].isdigit() else row_id


def _strata(y: NDArray[np.float64], task: Task) -> list[int]:
    """Return the class of each row, or the tenth of the values it lies in."""
    if task.kind is TaskKind.REGRESSION:
        ranks = np.argsort(np.argsort(y, kind="stable"), kind="stable")
        return [int(tenth) for tenth in ranks * 10 // max(len(y), 1)]
    return [int(index) for index in y]


def _folds(
    units: Sequence[object], strata: Sequence[int], count: int, seed: int, *, keep_lone: bool
) -> NDArray[np.intp]:
    """Return each row's fold; -1 for one that is never left out, being the only of its stratum."""
    stratum_of: dict[object, int] = {}
    for unit, stratum in zip(units, strata, strict=True):
        stratum_of.setdefault(unit, stratum)
    sizes = Counter(stratum_of.values())
    key = f"mlwright rounds 1\0{seed}\0"
    shuffled = sorted(stratum_of, key=lambda unit: sha256(f"{key}{unit!r}".encode()).digest())
    fold_of: dict[object, int] = {}
    dealt = 0
    # Dealt like cards over all strata in turn, so that folds differ in size by one unit at most.
    for unit in sorted(shuffled, key=lambda unit: stratum_of[unit]):
        if keep_lone and sizes[stratum_of[unit]] == 1:
            fold_of[unit] = -1
        else:
            fold_of[unit] = dealt % count
            dealt += 1
    return np.array([fold_of[unit] for unit in units], dtype=np.intp)


def _forward(known: Places, units: Sequence[object], count: int) -> tuple[Round, ...]:
    """Return rounds in time: each block but the first judges what was fitted on those before."""
    blocks = np.array_split(known, count + 1)
    rounds: list[Round] = []
    for number in range(1, len(blocks)):
        judging = blocks[number]
        seen_there = {units[place] for place in judging}
        before = np.concatenate(blocks[:number])
        fitting = np.array([p for p in before if units[p] not in seen_there], dtype=np.intp)
        if len(fitting) and len(judging):
            rounds.append((fitting, judging))
    return tuple(rounds)
