"""Feature steps of the user's own in their processes: what is found out, refused, and made."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta

import polars as pl
import pytest

from mlwright.core.errors import DataError, UsageError
from mlwright.data.digests import columns_of
from mlwright.data.records import Column, Kind
from mlwright.data.table import Table
from mlwright.scoring.own.apart import steps_of
from mlwright.scoring.own.compiled import fuller_table
from mlwright.scoring.own.examine import examine
from mlwright.scoring.records import MadeColumn, OwnFeatures, OwnStep, OwnSteps
from mlwright.train.records import Module

ROWS = 120
TEXT = """
import polars as pl

SEEN = []

def add(table):
    if (table["n"] == 77).any():
        raise ValueError("77 is no number of mine")
    return table.with_columns(
        share=pl.col("x") / 3.0,
        month=pl.col("day").dt.month(),
        later=pl.col("day") + pl.duration(days=pl.col("n")),
        both=pl.col("t") + "/" + pl.col("t"),
    )

def again(table):
    return table.with_columns(twice=pl.col("share") * 2.0).drop("y")

def remembers(table):
    SEEN.append(table["x"].mean())
    return table.with_columns(away=pl.col("x") - SEEN[0])

def named(table):
    return table.with_columns(key=pl.col("n"))
"""


def frame() -> pl.DataFrame:
    start = date(2026, 1, 1)
    return pl.DataFrame(
        {
            "key": [f"k{place}" for place in range(ROWS)],
            "x": [None if place % 9 == 4 else place / 7.0 for place in range(ROWS)],
            "n": [place % 50 for place in range(ROWS)],
            "day": [start + timedelta(days=place) for place in range(ROWS)],
            "t": [["red", "blue", None][place % 3] for place in range(ROWS)],
            "y": [1.0 * place for place in range(ROWS)],
        }
    )


def examined(*names: str, rows: pl.DataFrame | None = None) -> OwnFeatures:
    """Examine functions of the module above, which are not given the key."""
    rows = frame() if rows is None else rows
    module = Module("mysteps", False, TEXT)
    steps = OwnSteps(
        tuple(OwnStep(name, f"mysteps:{name}", "sha256:0", (), (module,), {}) for name in names)
    )
    given = [column for column in columns_of(rows) if column.name != "key"]
    return examine(steps, Table(rows, rows["key"]), given, {"key": "the key"})


def test_steps_are_told_with_what_they_read_and_make_and_make_the_same_of_a_row_and_a_table() -> (
    None
):
    own = examined("add", "again")

    assert own.reads == (
        Column("x", Kind.FLOAT),
        Column("n", Kind.INTEGER),
        Column("day", Kind.DATE),
        Column("t", Kind.STRING),
        Column("y", Kind.FLOAT),
    )
    assert own.leaves_out == ("y",)
    new = {each.name: each for each in own.makes if each.name not in frame().columns}
    assert new == {
        "share": MadeColumn("share", Kind.FLOAT, ("x",)),
        "month": MadeColumn("month", Kind.INTEGER, ("day",)),
        "later": MadeColumn("later", Kind.DATE, ("n", "day")),
        "both": MadeColumn("both", Kind.STRING, ("t",)),
        "twice": MadeColumn("twice", Kind.FLOAT, ("x",)),
    }

    steps = steps_of(own)
    table = steps.table(frame())
    assert fuller_table(own, steps, frame().head(0)).columns == [*frame().columns, *new]
    for place in (0, 4, 5, 119):
        assert steps.pid is not None
        if place == 5:
            os.kill(steps.pid, signal.SIGKILL)  # it is started again, and nobody is told
        cells = {name: [value] for name, value in frame().row(place, named=True).items()}
        made = steps.columns(cells, 1)
        row = table.row(place, named=True)
        assert {name: str(value) for name, (value,) in made.items()} == {
            name: str(value) for name, value in row.items()
        }
    with pytest.raises(DataError, match=r"own-step-refused.*77 is no number of mine"):
        steps.columns({**cells, "n": [77]}, 1)
    steps.close()


def test_what_a_step_keeps_from_its_first_rows_is_found_out() -> None:
    with pytest.raises(UsageError, match=r"own-step-other-rows.*remembers.*'away'"):
        examined("remembers")


def test_a_row_that_a_step_raises_on_is_told_by_its_id() -> None:
    rows = frame().with_columns(n=pl.when(pl.col("key") == "k63").then(77).otherwise(pl.col("n")))

    with pytest.raises(DataError, match="row k63: add raised ValueError"):
        examined("add", rows=rows)


def test_a_column_that_is_no_feature_is_neither_given_nor_made() -> None:
    with pytest.raises(UsageError, match=r"own-step-column.*'key'.*it is the key"):
        examined("named")
