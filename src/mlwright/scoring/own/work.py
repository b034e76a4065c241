"""What the confined process does with the user's feature steps: carry them out, and look at them.

Only :mod:`mlwright.scoring.own.child` imports this.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import polars as pl

from mlwright.core.errors import DataError, MlwrightError, UsageError
from mlwright.data.digests import DTYPES
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Kind
from mlwright.run.steps.step import Step
from mlwright.scoring.frames import cast_column, packed, unpacked
from mlwright.scoring.own.apart import str_of_day
from mlwright.scoring.own.compare import alone, first_difference, pieces
from mlwright.scoring.own.records import Ask
from mlwright.scoring.own.tracing import trace
from mlwright.train.own.blueprint import found
from mlwright.train.own.work import restore
from mlwright.train.records import Module

Make = Callable[[pl.DataFrame], pl.DataFrame]

_LEAST = 8
"""Rows a step is given at least, the last of them repeated: what a processor takes at once."""

_RAISED = (Exception, pl.exceptions.PanicException)
"""What code of the user's own may raise: a panic of polars is no ``Exception``."""


class Opened:
    """The steps, imported from the text that was kept of them."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        names = [name for name, _ in head["steps"]]
        try:
            restore([Module(**each) for each in head["modules"]], head["parts"])
            functions = [_function(found(where)) for _, where in head["steps"]]
        except _RAISED as error:
            raise _failed(", ".join(names), "cannot be imported", error) from error
        pairs = list(zip(names, functions, strict=True))
        self._steps: list[Make] = [guarded(*each) for each in pairs]
        self._tried: list[Make] = [guarded(*each, telling=False) for each in pairs]
        self._reads = [Column(name, Kind(kind)) for name, kind in head["reads"]]
        self._makes = head["makes"]
        self._names = names

    def answer(self, head: Mapping[str, Any], blocks: Sequence[bytes]) -> list[bytes]:
        """Return what was asked for: see :class:`Ask`."""
        ask = Ask(head["ask"])
        if ask is Ask.ROWS:
            return [self._rows(json.loads(blocks[0]), head["height"])]
        frame = unpacked(blocks[0])
        steps = self._tried if ask is Ask.TRACE else self._steps
        steps = steps if head.get("step") is None else [steps[head["step"]]]

        def chain(given: pl.DataFrame) -> pl.DataFrame:
            for step in steps:
                given = step(given)
            return given

        if ask is Ask.TABLE:
            made = chain(frame)
            return [packed(self._settled(made, head["makes"]) if "makes" in head else made)]
        if ask is Ask.TRACE:
            return [json.dumps(asdict(trace(chain, frame))).encode()]
        whole = unpacked(blocks[1])
        parts = alone(frame.height) if ask is Ask.ALONE else pieces(frame.height)
        difference = first_difference(chain, parts, frame, whole)
        return [json.dumps(None if difference is None else asdict(difference)).encode()]

    def _rows(self, cells: Sequence[Sequence[Any]], height: int) -> bytes:
        columns = [
            pl.Series(column.name, _filled(_cells(each, column.kind)), dtype=DTYPES[column.kind])
            for column, each in zip(self._reads, cells, strict=True)
        ]
        made = pl.DataFrame(columns)
        for step in self._steps:
            made = step(made)
        settled = self._settled(made.head(height), self._makes)
        told = [series.to_list() for series in settled]
        return json.dumps(told, default=str_of_day).encode()

    def _settled(self, made: pl.DataFrame, makes: Sequence[Sequence[str]]) -> pl.DataFrame:
        """Return the columns that are made, in the kinds they had when they were examined."""
        columns = [Column(name, Kind(kind)) for name, kind in makes]
        missing = [column.name for column in columns if column.name not in made.columns]
        if missing:
            raise DataError(
                "own-step-answer",
                f"{', '.join(self._names)} made no column {missing[0]!r} this time",
                fix="make the same columns of every row",
                facts={"steps": self._names, "missing": missing},
            )
        usual, _ = normalise(made.select(column.name for column in columns))
        return pl.DataFrame([cast_column(usual[column.name], column) for column in columns])


def _function(value: Any) -> Make:
    function: Make = value.function if isinstance(value, Step) else value
    return function


def guarded(name: str, function: Make, *, telling: bool = True) -> Make:
    """Return a step that refuses what is no table of as many rows, and tells which row it fails.

    Where nobody hears which row (``telling``), it is not looked for.

    It is never given less than some rows: polars divides a single one by 12.0, and multiplies
    several by its reciprocal, so that the last bits differ.
    """

    def filled(frame: pl.DataFrame) -> pl.DataFrame:
        if not 0 < frame.height < _LEAST:
            return checked(frame.clone())
        # Cell by cell: repeated by polars, equal cells stay one, and are computed as one.
        cells = [pl.Series(s.name, _filled(s.to_list()), dtype=s.dtype) for s in frame]
        return checked(pl.DataFrame(cells)).head(frame.height)

    def checked(frame: pl.DataFrame) -> pl.DataFrame:
        made: Any = function(frame)
        if isinstance(made, pl.LazyFrame):
            made = made.collect()
        if not isinstance(made, pl.DataFrame):
            raise UsageError(
                "own-step-answer",
                f"{name} returned a {type(made).__name__}, not a table",
                fix="return a polars table: table.with_columns(…)",
                facts={"step": name, "type": type(made).__name__},
            )
        if made.height != frame.height:
            raise UsageError(
                "own-step-answer",
                f"{name} returned {made.height:,} rows for {frame.height:,}: each row is to be "
                "answered, by itself",
                fix="take rows out before: [data] repair sets them aside",
                facts={"step": name, "rows": frame.height, "returned": made.height},
            )
        return made

    def step(frame: pl.DataFrame) -> pl.DataFrame:
        try:
            return filled(frame)
        except MlwrightError:
            raise
        except _RAISED as error:
            row = _failing(filled, frame) if telling else None
            raise _refused(name, error, frame.height, row) from error

    return step


def _failing(step: Make, frame: pl.DataFrame) -> int | None:
    """Return the place of a row that a step raises on alone; None where only several make it."""
    start, height = 0, frame.height
    while height > 1:
        half = height // 2
        if _raises(step, frame.slice(start, half)):
            height = half
        else:
            start, height = start + half, height - half
    return start if height and _raises(step, frame.slice(start, 1)) else None


def _raises(step: Make, frame: pl.DataFrame) -> bool:
    try:
        step(frame)
    except _RAISED:
        return True
    return False


def _filled(cells: Sequence[Any]) -> Sequence[Any]:
    return [*cells, *([cells[-1]] * (_LEAST - len(cells)))] if len(cells) < _LEAST else cells


def _cells(cells: Sequence[Any], kind: Kind) -> Sequence[Any]:
    if kind is Kind.DATE:
        return [None if each is None else date.fromisoformat(each) for each in cells]
    if kind is Kind.DATETIME:
        return [None if each is None else datetime.fromisoformat(each) for each in cells]
    return cells


def _refused(name: str, error: BaseException, rows: int, row: int | None) -> DataError:
    where = f" on row {row + 1:,}" if row is not None and rows > 1 else ""
    return DataError(
        "own-step-refused",
        f"{name} raised {type(error).__name__}{where}: {str(error)[:500]}",
        fix="look at the values of the row, or let the step expect such values",
        facts={"step": name, "error": type(error).__name__, "row": row},
        looked=_where(error),
    )


def _failed(name: str, what: str, error: BaseException) -> UsageError:
    return UsageError(
        "own-step-failed",
        f"{name} {what}: {type(error).__name__}: {str(error)[:500]}",
        fix="correct it; where it went wrong stands below",
        facts={"step": name, "error": type(error).__name__},
        looked=_where(error),
    )


def _where(error: BaseException) -> list[str]:
    lines = "".join(traceback.format_exception(error)[-6:]).splitlines()
    return [line.rstrip() for line in lines[-12:]]
