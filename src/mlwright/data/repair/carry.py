"""A declared list of steps carried out on a table: fitted, applied, and each touch recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError, MlwrightError
from mlwright.data.digests import columns_of
from mlwright.data.names import require_column
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.repair.catalogue import CELL_VERBS, ROW_VERBS
from mlwright.data.repair.grammar import parse, render
from mlwright.data.repair.records import FittedRepair, Repaired, RepairRule, Touch
from mlwright.data.repair.step import Step
from mlwright.data.snapshot import build
from mlwright.data.split import PARTS, parts
from mlwright.data.table import Table, read
from mlwright.store.protocol import Store

ROW = "\0row"
"""The column of a touch that holds the ids of rows; no column of a table can be called so."""

BEFORE = "\0before"
"""The column of a touch that holds what the cells were."""


_MADE_UP = ("fill", "clip")
"""Verbs that put a value where another, or none, was told."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A table on its way, with the rows that may be fitted on and those that may be taken out."""

    table: Table
    fitted: pl.Series
    open: pl.Series

    def without(self, out: pl.Series) -> _State:
        """Return the state without some rows."""
        return _State(self.table.filter(~out), self.fitted.filter(~out), self.open.filter(~out))

    def holding(self, frame: pl.DataFrame) -> _State:
        """Return the state with another frame of the same rows."""
        return replace(self, table=Table(frame, self.table.row_ids))


def repair(
    snapshot: Snapshot,
    rule: RepairRule,
    split: Split | None,
    store: Store,
) -> Repaired:
    """Return a table repaired, and what that touched; its objects are in the store.

    Cells are repaired in every row, by what rows of the training part show; rows are taken out
    of training and validation alone. Rows keep the ids they have in ``snapshot``.

    Parameters
    ----------
    split
        Tells each row's part, from the table as it was; without one all rows are training rows.

    Raises
    ------
    UsageError
        ``repair-syntax``; ``check-kind`` for a condition that compares days with numbers.
    DataError
        ``column-unknown``, ``repair-kind``, ``repair-role``, ``repair-nothing-known``,
        ``repair-nothing-left``; each names the step.
    """
    table = read(snapshot, store, order_by=None)
    state = _begin(table, split)
    fitted_rows = int(state.fitted.sum())
    fitted: list[FittedRepair] = []
    touches: list[Touch] = []
    for number, text in enumerate(rule.steps, start=1):
        step = parse(text)
        try:
            _check(step, state.table.frame, rule)
            state, done, touch = _carried_out(step, state, store)
        except MlwrightError as error:
            raise error.of(f"repair step {number}, {text!r}") from error
        fitted.append(done)
        touches.append(touch)
    chosen_by = split is None or split.method == "nested" or (state.open & ~state.fitted).any()
    if state.table.frame.height < 2 or not state.fitted.any() or not chosen_by:
        raise DataError(
            "repair-nothing-left",
            f"the repair takes {table.frame.height - state.table.frame.height:,} of "
            f"{table.frame.height:,} rows out and leaves too few to learn and to choose by",
            fix="loosen the steps that take rows out: dedupe, quarantine and drop where",
            facts={"rows": table.frame.height, "left": state.table.frame.height},
        )
    repaired = build(
        state.table.frame,
        key=snapshot.key,
        store=store,
        parent=snapshot,
        row_ids=None if snapshot.key is not None else state.table.row_ids,
    )
    return Repaired(
        raw=snapshot.id,
        snapshot=repaired,
        columns=snapshot.columns,
        steps=tuple(fitted),
        touches=tuple(touches),
        split=split,
        fitted_rows=fitted_rows,
    )


def repair_frame(
    table: Table, rule: RepairRule, sealed: pl.Series | None = None
) -> tuple[Table, pl.Series | None]:
    """Return rows as steps leave them, and which of those are sealed; nothing is kept.

    For looking: what a table would be once it is repaired. Rows that are not ``sealed`` are
    fitted on and may be taken out.
    """
    seen = pl.repeat(value=True, n=table.frame.height, eager=True) if sealed is None else ~sealed
    state = _State(table, seen, seen)
    for number, text in enumerate(rule.steps, start=1):
        step = parse(text)
        try:
            _check(step, state.table.frame, rule)
            state, _, _ = _carried_out(step, state, None)
        except MlwrightError as error:
            raise error.of(f"repair step {number}, {text!r}") from error
    return state.table, None if sealed is None else ~state.open


def _begin(table: Table, split: Split | None) -> _State:
    if split is None:
        everything = pl.repeat(value=True, n=table.frame.height, eager=True)
        return _State(table, everything, everything)
    numbers = pl.Series(parts(table, split))
    return _State(
        table,
        numbers == PARTS.index(Part.TRAIN),
        numbers.is_in([PARTS.index(Part.TRAIN), PARTS.index(Part.VALIDATION)]),
    )


def _check(step: Step, frame: pl.DataFrame, rule: RepairRule) -> None:
    columns = columns_of(frame)
    asked = [step.column, step.condition.column if step.condition else None, *step.columns]
    for name in asked:
        if name is not None:
            require_column(columns, name, "repair")
    if step.column is not None and step.column == rule.target and step.verb in _MADE_UP:
        raise DataError(
            "repair-role",
            f"the column {step.column!r} is the target: {step.verb} would make truths up, those of "
            "the sealed test part too",
            fix="rows without a target are left out by themselves; set others aside: quarantine "
            "where …",
            facts={"column": step.column, "role": "the target"},
        )
    if step.column is not None and step.column in rule.kept:
        role = rule.kept[step.column]
        raise DataError(
            "repair-role",
            f"the column {step.column!r} is {role}, which no step may change",
            fix="correct it in the source: who a row is and which part it has come from the table "
            "as it was read",
            facts={"column": step.column, "role": role},
        )


def _carried_out(
    step: Step, state: _State, store: Store | None
) -> tuple[_State, FittedRepair, Touch]:
    if step.takes_rows:
        return _without_rows(step, state, store)
    if step.verb in CELL_VERBS:
        return _with_cells(step, state, store)
    return _without_column(step, state, store)


def _with_cells(
    step: Step, state: _State, store: Store | None
) -> tuple[_State, FittedRepair, Touch]:
    name = str(step.column)
    frame = state.table.frame
    before = frame[name]
    kind = next(column.kind for column in columns_of(frame) if column.name == name)
    verb = CELL_VERBS[step.verb]
    becomes = verb.becomes(step, kind)
    fitted = verb.fit(step, before.filter(state.fitted))
    after = frame.select(verb.expression(fitted, kind, pl.col(name)).alias(name))[name]
    changed = _differing(before, back(after, before.dtype))
    touched = state.table.row_ids.filter(changed)
    touch = Touch(
        rows=len(touched),
        cells=len(touched),
        reason=render(fitted),
        before=_kept(pl.DataFrame({ROW: touched, BEFORE: before.filter(changed)}), store),
    )
    done = FittedRepair(render(step), render(fitted), name, kind, becomes)
    return state.holding(frame.with_columns(after)), done, touch


def _differing(before: pl.Series, after: pl.Series) -> pl.Series:
    """Return which cells differ, to the last bit: of zeros, the sign is one."""
    differing = before.ne_missing(after)
    if not before.dtype.is_float():
        return differing
    signs = [np.signbit(cells.fill_null(1.0).to_numpy()) for cells in (before, after)]
    return differing | pl.Series(signs[0] != signs[1])


def back(cells: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return cells in the type they had, as far as that can be told from what they are now.

    What cannot is kept beside the table; an undo takes the same way back.
    """
    if cells.dtype == dtype:
        return cells
    if dtype == pl.String and cells.dtype == pl.Date:
        return cells.dt.to_string("%Y-%m-%d")
    if dtype == pl.String and cells.dtype == pl.Datetime:
        return cells.dt.to_string("%Y-%m-%dT%H:%M:%S")
    if dtype == pl.Date and cells.dtype == pl.String:
        return cells.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Boolean and cells.dtype == pl.String:
        return cells.replace_strict(["true", "false"], [True, False], default=None)
    return cells.cast(dtype, strict=False)


def _without_column(
    step: Step, state: _State, store: Store | None
) -> tuple[_State, FittedRepair, Touch]:
    name = str(step.column)
    frame = state.table.frame
    if frame.width == 1:
        raise DataError(
            "repair-nothing-left",
            f"{name!r} is the last column: nothing would be left",
            fix="keep a column to learn from",
            facts={"column": name},
        )
    before = pl.DataFrame({ROW: state.table.row_ids, BEFORE: frame[name]})
    text = render(step)
    touch = Touch(frame.height, frame.height, text, _kept(before, store))
    return state.holding(frame.drop(name)), FittedRepair(text, text, None, None, None), touch


def _without_rows(
    step: Step, state: _State, store: Store | None
) -> tuple[_State, FittedRepair, Touch]:
    verb = ROW_VERBS[step.verb]
    table = state.table
    asked = table.filter(state.open)
    found = verb.rows(step, asked.frame, asked.row_ids)
    out = state.open.clone().scatter(state.open.arg_true(), found) & state.open
    gone = table.filter(out)
    text = render(step)
    kept = _kept(gone.frame.insert_column(0, gone.row_ids.alias(ROW)), store)
    touch = Touch(gone.frame.height, 0, verb.reason(step), kept)
    return state.without(out), FittedRepair(text, text, None, None, None), touch


def _kept(frame: pl.DataFrame, store: Store | None) -> Digest | None:
    """Put what was touched into the store, in the order of row ids; None where nothing was."""
    if store is None or not frame.height:
        return None
    buffer = BytesIO()
    frame.sort(ROW).write_parquet(buffer, compression="zstd", compression_level=1)
    return store.put(buffer.getvalue())
