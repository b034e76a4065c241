"""A repair undone: from the repaired table and what was touched back to the table as it was."""

from __future__ import annotations

from io import BytesIO

import polars as pl

from mlwright.core.errors import BrokenError
from mlwright.core.ids import Noun, content_id
from mlwright.data.digests import DTYPES, row_digests
from mlwright.data.identity import table_digest
from mlwright.data.records import Column, Scalar
from mlwright.data.repair.carry import BEFORE, ROW, back
from mlwright.data.repair.grammar import parse
from mlwright.data.repair.kinds import as_scalar
from mlwright.data.repair.records import FittedRepair, Quarantined, Repaired, Touch, Touched
from mlwright.data.table import read
from mlwright.store.protocol import Store


def undo(repaired: Repaired, store: Store) -> str:
    """Return the id of the table that undoing every step gives: the one it was made from.

    The table is made again from the repaired one and the record alone, and kept nowhere: as it
    was read it is still there.

    Raises
    ------
    BrokenError
        ``repair-not-undone`` where what comes back is another table.
    """
    table = read(repaired.snapshot, store)
    frame = table.frame.insert_column(0, table.row_ids.alias(ROW))
    for step, touch in reversed(list(zip(repaired.steps, repaired.touches, strict=True))):
        frame = _undone(frame, step, touch, store)
    frame = frame.select(ROW, *(column.name for column in repaired.columns))
    digest = table_digest(repaired.columns, frame[ROW], row_digests(frame.drop(ROW)))
    raw = content_id(Noun.DATA, digest)
    if raw != repaired.raw:
        raise BrokenError(
            "repair-not-undone",
            f"undoing the repair of {repaired.snapshot.id} gives {raw}, not {repaired.raw}",
            fix="mlw doctor says what is damaged; the table as it was read is still there: "
            f"mlw why {repaired.raw}",
            facts={"repaired": repaired.snapshot.id, "raw": repaired.raw, "found": raw},
        )
    return raw


def _undone(frame: pl.DataFrame, step: FittedRepair, touch: Touch, store: Store) -> pl.DataFrame:
    if step.column is not None and step.kind is not None:
        return _with_cells(frame, Column(step.column, step.kind), touch, store)
    if touch.before is None:
        return frame
    before = _read(touch, store)
    if not touch.cells:
        return pl.concat([frame, before.select(frame.columns)])
    name = str(parse(step.text).column)
    return frame.join(before.rename({BEFORE: name}), on=ROW, how="left", maintain_order="left")


def _with_cells(frame: pl.DataFrame, column: Column, touch: Touch, store: Store) -> pl.DataFrame:
    name = column.name
    cells = frame.with_columns(back(frame[name], DTYPES[column.kind]))
    if touch.before is None:
        return cells
    before = _read(touch, store).with_columns(pl.lit(value=True).alias("\0changed"))
    joined = cells.join(before, on=ROW, how="left", maintain_order="left")
    was = pl.when("\0changed").then(BEFORE).otherwise(name).alias(name)
    return joined.with_columns(was).drop(BEFORE, "\0changed")


def _read(touch: Touch, store: Store) -> pl.DataFrame:
    assert touch.before is not None, "asked where something was touched"
    return pl.read_parquet(BytesIO(store.get(touch.before)))


def quarantined(repaired: Repaired, store: Store, most: int | None = None) -> list[Quarantined]:
    """Return the rows a repair took out of training, with the step, why, and what they held."""
    found: list[Quarantined] = []
    for step, touch in zip(repaired.steps, repaired.touches, strict=True):
        if touch.cells or touch.before is None:
            continue
        for row in _read(touch, store).iter_rows(named=True):
            if most is not None and len(found) >= most:
                return found
            identifier = str(row.pop(ROW))
            values: dict[str, Scalar | None] = {n: as_scalar(cell) for n, cell in row.items()}
            found.append(Quarantined(identifier, step.text, touch.reason, values))
    return found


def touched_by(repaired: Repaired, store: Store, row: str) -> tuple[Touched, ...]:
    """Return what each step that touched a row did to it, in their order."""
    found: list[Touched] = []
    for step, touch in zip(repaired.steps, repaired.touches, strict=True):
        if touch.before is None or (touch.cells and step.column is None):
            continue  # a column that was dropped is nothing done to a row
        cells = _read(touch, store).filter(pl.col(ROW) == row)
        if cells.height:
            before = str(cells[BEFORE][0]) if touch.cells else None
            found.append(Touched(step.applied, step.column, before, touch.reason))
    return tuple(found)
