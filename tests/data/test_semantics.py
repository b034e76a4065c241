from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from mlwright.data.column import Column
from mlwright.data.records import Semantic
from mlwright.data.semantics import semantic

ROWS = 400
NOTES = ["never opened the parcel", "asked twice about the bill", "will call again in May"]


def meaning(name: str, values: list[object]) -> Semantic:
    cells = [values[i % len(values)] for i in range(ROWS)]
    return semantic(Column(pl.Series(name, cells), None, date(2026, 11, 21)))


@pytest.mark.parametrize(
    ("name", "values", "means"),
    [
        ("customer", [f"C-{i:05d}" for i in range(ROWS)], Semantic.ID),
        ("number", list(range(ROWS)), Semantic.ID),
        ("contact", [f"someone.{i}@example.org" for i in range(ROWS)], Semantic.EMAIL),
        ("contact", ["a@b.org", "c@d.com", "n/a"] * 1 + ["e@f.net"] * 57, Semantic.EMAIL),
        ("site", ["https://example.org/a", "www.example.com"], Semantic.WEB_ADDRESS),
        ("called", ["+49 30 1234567", "(212) 555-0143"], Semantic.PHONE),
        ("since", ["2020-01-02", "2021-03-04"], Semantic.DATE),
        ("since", [date(2020, 1, 2), date(2021, 3, 4)], Semantic.DATE),
        ("since", [datetime(2020, 1, 2), datetime(2021, 3, 4)], Semantic.DATE),
        ("at", [datetime(2020, 1, 2, 3), datetime(2021, 3, 4)], Semantic.MOMENT),
        ("paid", ["$1,200.50", "$7.00", "-$3"], Semantic.CURRENCY),
        ("paid", ["1.200,50 €", "7 EUR"], Semantic.CURRENCY),
        ("MonthlyCharges", [20.5, 30.25, 41.0], Semantic.CURRENCY),
        ("discharged", [20.5, 30.25, 41.0], Semantic.NUMBER),
        ("share", ["5 %", "12.5%"], Semantic.PERCENTAGE),
        ("size", ["1.5", "2", "3.25"], Semantic.NUMBER),
        ("senior", [0, 1], Semantic.TRUTH),
        ("senior", ["Yes", "No"], Semantic.TRUTH),
        ("senior", [True, False], Semantic.TRUTH),
        ("plan", ["basic", "family", "single"], Semantic.CATEGORY),
        ("note", [f"{NOTES[i % 3]} ({i} days)" for i in range(ROWS)], Semantic.FREE_TEXT),
        ("who", [f"{'abcdefgh'[i % 8]}{'xyz' * (i % 50 + 1)}" for i in range(ROWS)], Semantic.TEXT),
        ("gate", [f"{'ABC'[i % 3]}{i % 150}" for i in range(ROWS)], Semantic.CODE),
    ],
)
def test_a_column_means_what_its_cells_say(
    name: str, values: list[object], means: Semantic
) -> None:
    assert meaning(name, values) is means


def test_a_column_without_cells_means_nothing() -> None:
    nothing = pl.Series("c", [None] * 9, dtype=pl.String)

    assert semantic(Column(nothing, None, date(2026, 11, 21))) is Semantic.EMPTY
    assert meaning("c", ["n/a", "?"]) is Semantic.EMPTY


def test_what_sealed_rows_hold_says_nothing_of_a_column() -> None:
    cells = pl.Series("c", ["yes", "no"] * 100 + ["a@b.org"] * 300)
    fitted = pl.Series([i < 200 for i in range(500)])

    assert semantic(Column(cells, fitted, date(2026, 11, 21))) is Semantic.TRUTH
