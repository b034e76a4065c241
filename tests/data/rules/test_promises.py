from __future__ import annotations

import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import MlwrightError
from mlwright.data.contract import infer
from mlwright.data.digests import DTYPES
from mlwright.data.profile import profile
from mlwright.data.promises import breach_of
from mlwright.data.records import Breach, Column, Contract, FeatureContract, Kind
from mlwright.data.rules.promises import breaches
from mlwright.data.table import Table
from mlwright.scoring.cast import cast_value
from mlwright.serve.guard import compile_guard

CELLS = {
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20),
    Kind.FLOAT: st.floats(allow_nan=False)
    | st.sampled_from([0.0, -0.0, 10.0, 10.5, 2.0**63, -(2.0**63), math.inf]),
    Kind.STRING: st.sampled_from(["a", "b", "c", "A", " a", "", "10"]),
}
FEATURES = st.sampled_from(
    [
        FeatureContract("c", kind, nullable, low, high, categories)
        for nullable in (True, False)
        for kind, low, high, categories in (
            (Kind.INTEGER, -7, 10, None),
            (Kind.INTEGER, None, None, None),
            (Kind.FLOAT, -7.5, 10.0, None),
            (Kind.STRING, None, None, ("a", "b")),
            (Kind.STRING, None, None, None),
        )
    ]
)
POLICY = {breach.value: "flag" for breach in Breach}


@given(FEATURES, st.data())
def test_a_column_of_cells_is_judged_as_the_endpoint_judges_each(
    feature: FeatureContract, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from([feature.kind, *CELLS]))
    cells = data.draw(st.lists(st.none() | CELLS[kind], min_size=1, max_size=20))
    series = pl.Series("c", cells, dtype=DTYPES[kind])
    numbers_as_text = kind is Kind.STRING and feature.kind is not Kind.STRING

    masks = breaches(feature, series)

    guard = compile_guard(Contract((feature,), ()), (Column("c", feature.kind),), POLICY)
    for place, cell in enumerate(cells):
        told = {breach for breach, mask in masks.items() if mask[place]}
        if numbers_as_text and cell == "10":  # a file has no other way to write a number
            assert told == {breach for breach in [breach_of(feature, 10)] if breach}
            continue
        try:
            value = cast_value(cell, Column("c", feature.kind))
        except MlwrightError:
            assert told == {None}
            continue
        _, flags = guard({"c": value}, 0)
        assert told == {flag.breach for flag in flags}
        assert told == {breach for breach in [breach_of(feature, value)] if breach}


def test_rows_a_contract_was_told_from_keep_it() -> None:
    frame = pl.DataFrame({"age": [20, 30, None, 40] * 50, "plan": ["a", "b", "a", "b"] * 50})
    rows = Table(frame, pl.Series("row_id", [str(i) for i in range(200)]))

    contract = infer(profile(rows), "no column")

    broken = [mask.any() for f in contract.features for mask in breaches(f, frame[f.name]).values()]
    assert not any(broken)
