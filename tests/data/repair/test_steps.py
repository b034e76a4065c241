"""Every verb over a column and over one cell: the same, whatever the cell."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import attempt

from mlwright.core.errors import DataError, MlwrightError
from mlwright.data.digests import DTYPES
from mlwright.data.records import Kind
from mlwright.data.repair.catalogue import CELL_VERBS
from mlwright.data.repair.grammar import parse, render

CELLS: dict[Kind, list[Any]] = {
    Kind.BOOLEAN: [True, False],
    Kind.INTEGER: [0, 1, -1, 5, 99, 2**53 + 1, 2**63 - 1, -(2**63)],
    Kind.FLOAT: [0.0, -0.0, 0.5, -3.5, 7.0, 1e300, 5e-324, math.inf, -math.inf, 2.0**63, 2.0**53],
    Kind.STRING: [
        *("", " ", "a", " a ", "\u00a0a\u2003", "\x1ca", "Pro", "pro", "?", "null", "İ", "K"),
        *("1", "+1", "-1", " 12 ", "012", "1,234", "12,34", "1,234.50", "-$1,234", "$ 5", "5 €"),
        *("1.", ".5", "1e5", "1E-400", "1e999", "9" * 19, "9" * 20, "-9223372036854775808"),
        *(
            "9223372036854775807",
            "\uff11\uff12",
            "1_000",
            "nan",
            "inf",
            "0x1f",
            "--1",
            "+-1",
            "1 2",
            "$",
        ),
        *("true", "YES", "f", "No", "tru", "2021-02-30", "2021-02-28", "0000-01-01", "0001-01-01"),
        *("28/02/2021", "02/28/2021", "31/12/9999", "2021-02-28T23:59:60", "2021-02-28T24:00:00"),
        *("2021-02-28T23:59:59", "2021-02-28 07:08", "2021-2-8", "2021-02-28Z", "2021-02-28\n"),
        "x" * 500,
    ],
    Kind.DATE: [date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(1969, 12, 31)],
    Kind.DATETIME: [
        datetime(1, 1, 1),
        datetime(9999, 12, 31, 23, 59, 59, 999999),
        datetime(1969, 12, 31, 23, 59, 59, 1),
    ],
}
STEPS = (
    "trim c",
    "map c: 0 -> 7, 1 -> null, 99 -> 0",
    "map c: 0.0 -> 2.5, 7 -> null",
    "map c: true -> false",
    "map c: Pro -> pro, pro -> Pro, '?' -> null, '' -> none",
    "map c: '2024-02-29' -> '2024-03-01', '1969-12-31' -> null",
    "clip c to [0, 120]",
    "clip c to [-0.5, 1e3]",
    "clip c to [-9223372036854775808, 9223372036854775807]",
    "fill c with 5",
    "fill c with true",
    "fill c with none",
    "fill c with '2020-01-01'",
    *(f"cast c to {kind.value}" for kind in Kind),
    "parse c as integer",
    "parse c as float",
    "parse c as boolean",
    "parse c as date",
    "parse c as datetime",
    "parse c as date from 'DD/MM/YYYY' or 'MM/DD/YYYY' or 'YYYY-MM-DD'",
    "parse c as datetime from 'YYYY-MM-DD hh:mm'",
)


def both(text: str, kind: Kind, cells: list[Any]) -> tuple[list[Any], list[Any]] | None:
    """Return what a step makes of cells in a table and one by one; None where it cannot."""
    step = parse(text)
    verb = CELL_VERBS[step.verb]
    becomes = attempt(lambda: verb.becomes(step, kind))
    if isinstance(becomes, MlwrightError):
        return None if becomes.code == "repair-kind" else pytest.fail(str(becomes))
    frame = pl.DataFrame({"c": pl.Series(cells, dtype=DTYPES[kind])})
    table = frame.select(verb.expression(step, kind, pl.col("c")).alias("c"))["c"]
    assert table.dtype == DTYPES[becomes]
    one = verb.cell(step, kind)
    return table.to_list(), [one(cell) for cell in cells]


def exactly(cells: list[Any]) -> list[tuple[type, str]]:
    return [(type(cell), repr(cell)) for cell in cells]


@pytest.mark.parametrize("text", STEPS)
def test_a_batch_is_repaired_as_its_rows_are(text: str) -> None:
    done = 0

    for kind, cells in CELLS.items():
        made = both(text, kind, [*cells, None])
        if made is not None:
            done += 1
            assert exactly(made[0]) == exactly(made[1])

    assert done


def test_every_verb_of_the_catalogue_is_held_to_that() -> None:
    assert {parse(text).verb for text in STEPS} == set(CELL_VERBS)


@given(st.text(alphabet="0123456789+-.,eE$€ \u00a0tnTrue", max_size=14))
def test_any_text_is_read_alike_in_a_table_and_alone(text: str) -> None:
    for kind in ("integer", "float", "boolean", "date"):
        made = both(f"parse c as {kind}", Kind.STRING, [text])
        assert made is not None
        assert exactly(made[0]) == exactly(made[1])


@given(st.floats(allow_nan=False), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_any_number_is_clipped_alike(number: float, low: float, width: float) -> None:
    made = both(f"clip c to [{low!r}, {low + width!r}]", Kind.FLOAT, [number])

    assert made is not None
    assert exactly(made[0]) == exactly(made[1])


@pytest.mark.parametrize("text", STEPS)
def test_a_step_is_read_back_as_it_is_written(text: str) -> None:
    assert parse(render(parse(text))) == parse(text)


def test_what_training_rows_show_is_put_into_the_step() -> None:
    def learnt(text: str, cells: list[Any], kind: Kind) -> str:
        step = parse(text)
        return render(CELL_VERBS["fill"].fit(step, pl.Series("c", cells, dtype=DTYPES[kind])))

    assert learnt("fill c with median", [3, None, 1, 8, 2], Kind.INTEGER) == "fill c with 2"
    assert learnt("fill c with median", [1.0, 2.0], Kind.FLOAT) == "fill c with 1.5"
    assert learnt("fill c with median", [1e308, 1.7e308], Kind.FLOAT) == "fill c with 1.35e+308"
    assert learnt("fill c with mean", [0.1] * 10, Kind.FLOAT) == "fill c with 0.1"
    assert learnt("fill c with mean", [2**63 - 1] * 3, Kind.INTEGER).endswith(str(2**63 - 1))
    assert learnt("fill c with mode", ["b", "a", "a", "b"], Kind.STRING) == "fill c with 'a'"
    assert learnt("fill c with mode", [date(2020, 1, 2)], Kind.DATE) == "fill c with '2020-01-02'"
    with pytest.raises(DataError, match="no training row has a value"):
        learnt("fill c with mean", [None], Kind.FLOAT)
