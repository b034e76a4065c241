"""A model's repairs: a row gets the cells that a table gets, whatever is sent."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from mlwright.core.errors import BrokenError, DataError
from mlwright.data.records import Column, Kind
from mlwright.data.repair.records import CellRepair
from mlwright.scoring.cast import cast_value
from mlwright.scoring.frames import cast_frame, repair_frame
from mlwright.scoring.repairing import compile_repair, needed

AGE = CellRepair("age", Kind.STRING, ("trim age", "map age: '?' -> null", "parse age as integer",
                                      "clip age to [0, 120]", "fill age with 40"))  # fmt: skip
PRICE = CellRepair("price", Kind.INTEGER, ("clip price to [0, 9]", "cast price to float"))
SINCE = CellRepair("since", Kind.STRING, ("parse since as date from 'DD/MM/YYYY'",))
PLAN = CellRepair("plan", Kind.STRING, ("map plan: Pro -> pro, pro -> Pro, gone -> null",))

SENT: dict[str, tuple[CellRepair, Kind, list[Any]]] = {
    "age": (AGE, Kind.INTEGER, [" 42 ", "?", "", None, "900", "-3", "1,2", "42.5"]),
    "age as it becomes": (AGE, Kind.INTEGER, [42, 900, -3, None]),
    "age in floats": (AGE, Kind.INTEGER, [42.0, 900.0, math.nan, None]),
    "price": (PRICE, Kind.FLOAT, [3, 12, -1, None]),
    "price in floats": (PRICE, Kind.FLOAT, [3.0, 12.0, math.nan]),
    "price with cents": (PRICE, Kind.FLOAT, [3.5, 12.0, 12.5, None]),
    "since": (SINCE, Kind.DATE, ["31/01/2020", "2020-01-31", "30/02/2020", None]),
    "since as days": (SINCE, Kind.DATE, [date(2020, 1, 31), None]),
    "since as moments": (SINCE, Kind.DATE, [datetime(2020, 1, 31), datetime(2020, 1, 31, 5)]),
    "plan": (PLAN, Kind.STRING, ["Pro", "pro", "gone", "x", "", None]),
    "plan as numbers": (PLAN, Kind.STRING, [1, 2]),
    "nothing": (AGE, Kind.INTEGER, [None, None]),
}


def answered(cell: Any, column: Column) -> object:
    """Return what a scorer reads in a cell, or the code it refuses it with."""
    try:
        return cast_value(cell, column)
    except DataError as error:
        return error.code


@pytest.mark.parametrize("name", SENT)
def test_a_table_is_repaired_as_its_rows_are(name: str) -> None:
    repair, becomes, cells = SENT[name]
    column = Column(repair.column, becomes)
    row = compile_repair([repair])

    rows = [answered(row({column.name: cell})[column.name], column) for cell in cells]
    table = repair_frame(pl.DataFrame({column.name: cells}), [repair])

    if "value-kind" in rows:  # a table with one such cell is refused whole
        with pytest.raises(DataError) as told:
            cast_frame(table, [column])
        assert told.value.code == "value-kind"
    else:
        cast = cast_frame(table, [column])[column.name].to_list()
        assert [(type(c), c) for c in cast] == [(type(c), c) for c in rows]


def test_a_row_that_needs_nothing_is_the_same_row() -> None:
    row = {"age": 42, "price": 3.0, "other": object()}

    assert compile_repair([AGE])(row) is row
    assert compile_repair([AGE, PLAN])({"age": 42}) == {
        "age": 42
    }  # its guard tells what is missing
    sent = {"age": 900, "other": 1}
    assert compile_repair([AGE])(sent) == {"age": 120, "other": 1}
    assert sent == {"age": 900, "other": 1}


def test_what_no_step_can_read_is_left_for_the_scorer_to_refuse() -> None:
    row = compile_repair([AGE, PRICE])

    for cell in ([1], {"a": 1}, True, 2.5, 10**30):
        assert row({"age": cell})["age"] is cell


def test_steps_of_columns_a_model_does_not_read_are_not_kept() -> None:
    assert needed([AGE, PRICE], [Column("price", Kind.FLOAT)]) == (PRICE,)


def test_steps_of_a_newer_grammar_are_not_guessed_at() -> None:
    with pytest.raises(BrokenError, match="version 2 of the grammar"):
        compile_repair([CellRepair("age", Kind.STRING, ("trim age",), grammar=2)])
