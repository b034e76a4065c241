"""Look at the user's feature steps before anything learns from what they make.

They are asked about the training rows as a table, then, in another process, about some of them
alone and about parts of the table. A step that gives a row another cell then looks at other rows,
keeps something from before, or draws lots: what it makes in training is not what it would make
when one row is asked about, and it is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlwright.core.digest import digest_bytes
from mlwright.core.errors import DataError, UsageError
from mlwright.core.records import load
from mlwright.data.digests import columns_of, row_digests
from mlwright.data.normalise import normalise
from mlwright.data.records import Column
from mlwright.data.table import Table
from mlwright.scoring.frames import packed, unpacked
from mlwright.scoring.own.apart import StepsApart
from mlwright.scoring.own.records import Ask, Difference, Trace
from mlwright.scoring.records import MadeColumn, OwnFeatures, OwnSteps

if TYPE_CHECKING:
    import polars as pl

_EVENLY = 48
_PATTERNS = 32
_TRACED = 64

Name = Callable[[int], str]
"""Names a row by its place."""


def examine(
    steps: OwnSteps, table: Table, given: Sequence[Column], kept: Mapping[str, str]
) -> OwnFeatures:
    """Return what steps of the user's own make of a table, once a row alone gives the same.

    Parameters
    ----------
    table
        The training rows, all columns.
    given
        The columns that the steps are given.
    kept
        Columns that no step may make or change, each with its role.

    Raises
    ------
    DataError
        ``own-step-refused`` where a step raises on a row.
    UsageError
        ``own-step-other-rows`` for a step that looks at other rows, ``own-step-answer`` for one
        that returns no table of as many rows, ``own-step-column`` where one makes a column that
        is kept.
    """
    together, apart = StepsApart(steps), StepsApart(steps)
    try:
        return _examined(steps, table, given, kept, together, apart)
    finally:
        together.close()
        apart.close()


def _examined(
    steps: OwnSteps,
    table: Table,
    given: Sequence[Column],
    kept: Mapping[str, str],
    together: StepsApart,
    apart: StepsApart,
) -> OwnFeatures:
    offered = table.frame.select(column.name for column in given)
    ids = table.row_ids
    some = places_of(offered)
    before = offered
    for number, step in enumerate(steps.steps):
        after = _made(together, before, number, ids)
        some_ids = ids.gather(some)
        _require_alike(
            apart, Ask.ALONE, number, step.name, before[some], after[some], some_ids.__getitem__
        )
        _require_alike(apart, Ask.PIECES, number, step.name, before, after, ids.__getitem__)
        before = after
    sample = offered[some[:_TRACED]]
    (raw,) = together.ask(Ask.TRACE, [packed(sample)])
    traced = load(Trace, raw)
    _require_kept(steps, traced, kept)
    made = [name for name in before.columns if name in traced.made]
    usual, _ = normalise(before.select(made))
    makes = tuple(
        MadeColumn(column.name, column.kind, _in_order(traced.made[column.name], given))
        for column in columns_of(usual)
    )
    reads = _reads(traced.read, given)
    settled = _settled(together, reads, makes, offered)
    if not settled.equals(usual, null_equal=True):
        # Something is read in a way that was not seen: then the steps are given everything.
        reads = tuple(given)
        settled = _settled(together, reads, makes, offered)
    return OwnFeatures(steps, reads, makes, traced.left_out, digest_bytes(row_digests(settled)))


def _made(apart: StepsApart, frame: pl.DataFrame, number: int, ids: pl.Series) -> pl.DataFrame:
    try:
        (raw,) = apart.ask(Ask.TABLE, [packed(frame)], step=number)
    except DataError as error:
        row = error.facts.get("row")
        raise (error.of(f"row {ids[row]}") if isinstance(row, int) else error) from None
    return unpacked(raw)


def _require_alike(
    apart: StepsApart,
    ask: Ask,
    number: int,
    name: str,
    given: pl.DataFrame,
    whole: pl.DataFrame,
    row: Name,
) -> None:
    (raw,) = apart.ask(ask, [packed(given), packed(whole)], step=number)
    if raw == b"null":
        return
    found = load(Difference, raw)
    how = "alone" if ask is Ask.ALONE else "among other rows"
    what = f"{found.column!r} is {found.apart}" if found.column else f"it {found.apart}"
    close = (
        "; only the last bits differ, as they do where sums or functions of numpy go over a whole"
        " column at once"
        if found.close
        else ""
    )
    raise UsageError(
        "own-step-other-rows",
        f"{name} looks at other rows, or does not always do the same: for the row"
        f" {row(found.row)} {how} {what}, in the table {found.together}{close}",
        fix="make each row's cells of that row alone, with expressions of polars; what is to be"
        " learnt from training rows (means, ranks, bins) belongs into the model",
        facts={
            "step": name,
            "row": str(row(found.row)),
            "column": found.column,
            "apart": found.apart,
            "together": found.together,
        },
    )


def _require_kept(steps: OwnSteps, traced: Trace, kept: Mapping[str, str]) -> None:
    for name in traced.made:
        if name not in kept:
            continue
        names = ", ".join(step.name for step in steps.steps)
        raise UsageError(
            "own-step-column",
            f"{names} makes a column {name!r}, which the table has: it is {kept[name]}",
            fix="give the new column another name",
            facts={"column": name, "role": kept[name]},
        )


def _reads(read: Collection[str], given: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns that are read; one at least, since a table without any has no rows."""
    return tuple(column for column in given if column.name in read) or tuple(given[:1])


def _in_order(names: Collection[str], given: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in given if column.name in names)


def _settled(
    apart: StepsApart,
    reads: Sequence[Column],
    makes: Sequence[MadeColumn],
    offered: pl.DataFrame,
) -> pl.DataFrame:
    if not makes:
        return offered.select([])
    told = [[each.name, each.kind.value] for each in makes]
    asked = packed(offered.select(column.name for column in reads))
    (raw,) = apart.ask(Ask.TABLE, [asked], makes=told)
    return unpacked(raw)


def places_of(frame: pl.DataFrame) -> list[int]:
    """Return the rows that are asked alone: evenly drawn, and one of each way of missing cells.

    The lowest and the highest of each column are among them.
    """
    height = frame.height
    found = dict.fromkeys(place * height // min(_EVENLY, height) for place in range(_some(height)))
    missing = np.column_stack([frame[name].is_null().to_numpy() for name in frame.columns])
    _, first = np.unique(missing, axis=0, return_index=True)
    found |= dict.fromkeys(int(place) for place in sorted(first)[:_PATTERNS])
    for name in frame.columns[:_PATTERNS]:
        for place in (frame[name].arg_min(), frame[name].arg_max()):
            if place is not None:
                found[place] = None
    return list(found)


def _some(height: int) -> int:
    return min(_EVENLY, height)
