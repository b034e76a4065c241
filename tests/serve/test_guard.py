"""A row is held against what the training rows promised."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import DataError
from mlwright.data.records import Column, Contract, FeatureContract, Kind
from mlwright.serve.guard import compile_columns_guard, compile_guard, policy_of
from mlwright.serve.records import Breach, Flag
from mlwright.serve.settings import ServeSettings

FEATURES = (
    FeatureContract("age", Kind.INTEGER, False, 18, 90, None),
    FeatureContract("pay", Kind.FLOAT, True, 0.5, 9.5, None),
    FeatureContract("plan", Kind.STRING, False, None, None, ("free", "pro")),
    FeatureContract("city", Kind.STRING, True, None, None, ("Bern", "Rome")),
    FeatureContract("born", Kind.DATE, False, None, None, None),
    FeatureContract("note", Kind.STRING, True, None, None, None),
    FeatureContract("unread", Kind.INTEGER, False, 0, 1, None),
)
CONTRACT = Contract(FEATURES, ())
INPUTS = tuple(Column(f.name, f.kind) for f in FEATURES[:-1])
GOOD: dict[str, Any] = {
    "age": 40, "pay": 1, "plan": "pro", "city": None, "born": "2000-01-01", "note": "x",
}  # fmt: skip


def guard(**policy: str) -> Any:
    return compile_guard(CONTRACT, INPUTS, policy_of(ServeSettings(**policy)))


def test_a_row_that_keeps_every_promise_passes_as_it_is() -> None:
    row, flags = guard()(GOOD)

    assert row is GOOD
    assert flags == ()


@pytest.mark.parametrize(
    ("column", "value", "breach"),
    [
        ("age", 17, Breach.OUT_OF_RANGE),
        ("age", 90.5, Breach.OUT_OF_RANGE),
        ("age", None, Breach.NULL),
        ("pay", 9.500000000000002, Breach.OUT_OF_RANGE),
        ("plan", "gold", Breach.UNSEEN),
        ("plan", None, Breach.NULL),
        ("city", "Oslo", Breach.UNSEEN),
        ("born", None, Breach.NULL),
    ],
)
def test_each_way_to_break_a_promise_is_flagged_or_refused(
    column: str, value: Any, breach: Breach
) -> None:
    sent = {**GOOD, column: value}
    refusing = guard(unseen="refuse", out_of_range="refuse", null="refuse")

    row, flags = guard()(sent, 7)
    with pytest.raises(DataError) as caught:
        refusing(sent)

    assert row is sent
    assert flags == (Flag(7, column, breach, value, False),)
    assert caught.value.code == "contract-broken"
    assert caught.value.facts["column"] == column


def test_a_number_is_clipped_to_the_nearer_end_and_the_flag_keeps_what_was_sent() -> None:
    sent = {**GOOD, "age": 1_000, "pay": -2, "plan": "gold"}

    row, flags = guard(out_of_range="clip")(sent)

    assert row == {**sent, "age": 90, "pay": 0.5}
    assert [(f.column, f.value, f.clipped) for f in flags] == [
        ("age", 1_000, True),
        ("pay", -2, True),
        ("plan", "gold", False),
    ]
    assert sent["age"] == 1_000


@pytest.mark.parametrize("age", [GOOD["age"], 10_000, "forty", None])
def test_a_column_that_is_missing_is_told_whatever_another_holds(age: Any) -> None:
    row = {**GOOD, "age": age}
    del row["plan"]

    with pytest.raises(DataError) as caught:
        guard()(row)

    assert caught.value.code == "column-missing"


@pytest.mark.parametrize("value", ["forty", True])
def test_a_cell_of_another_kind_is_left_to_the_scorer(value: Any) -> None:
    sent = {**GOOD, "age": value}

    assert guard(out_of_range="refuse", null="refuse")(sent) == (sent, ())


CELLS = st.none() | st.integers(0, 120) | st.floats(-1, 100) | st.sampled_from(["pro", "Bern", "?"])


@given(st.fixed_dictionaries({each.name: CELLS for each in INPUTS}))
def test_the_quick_look_passes_no_row_that_a_look_at_every_cell_flags(row: dict[str, Any]) -> None:
    _, flags = guard()(row)

    broken = {
        f.name
        for f in FEATURES[:-1]
        for v in [row[f.name]]
        if (v is None and not f.nullable)
        or (f.categories and isinstance(v, str) and v not in f.categories)
        or (f.low is not None and isinstance(v, int | float) and not f.low <= v <= f.high)  # type: ignore[operator]
    }
    assert {flag.column for flag in flags} == broken


@given(st.lists(st.fixed_dictionaries({each.name: CELLS for each in INPUTS}), max_size=4))
def test_columns_are_passed_only_where_every_row_is_without_a_flag(
    rows: list[dict[str, Any]],
) -> None:
    keep = compile_columns_guard(CONTRACT, INPUTS)
    columns = {each.name: [row[each.name] for row in rows] for each in INPUTS}

    try:
        kept = keep(columns)
    except TypeError:
        return

    flagged = any(guard()(row)[1] for row in rows)
    assert not (kept and flagged)
    assert keep({name: [GOOD[name]] * 2 for name in columns})
