"""Planted rows are odd in the way they are said to be, and in no other."""

from __future__ import annotations

import numpy as np
import polars as pl

from mlwright.data.digests import columns_of
from mlwright.evaluate.unsupervised.planted import MOVED_BY, MOVED_CELLS, mixed, moved

FRAME = pl.DataFrame(
    {
        "age": [20 + place % 50 for place in range(200)],
        "income": [1000.0 * (place % 37) for place in range(200)],
        "city": ["Bonn", "Ulm", None, "Kiel"] * 50,
        "member": [True, False] * 100,
    }
)


def test_each_cell_of_a_mixed_row_is_its_own_or_that_of_one_other_row() -> None:
    found = mixed(FRAME, columns_of(FRAME), 0)

    other = FRAME[[(place + 100) % 200 for place in range(200)]]
    for name in FRAME.columns:
        own = found[name].eq_missing(FRAME[name])
        assert (own | found[name].eq_missing(other[name])).all()
    assert found.schema == FRAME.schema
    assert not found.equals(FRAME)


def test_a_moved_row_has_two_numbers_six_deviations_off_and_all_else_as_it_was() -> None:
    found = moved(FRAME, columns_of(FRAME), 0)

    assert found is not None
    assert found.schema == FRAME.schema
    assert found["city"].equals(FRAME["city"])
    assert found["member"].equals(FRAME["member"])
    off = {
        name: np.abs((found[name] - FRAME[name]).to_numpy()) / FRAME[name].to_numpy().std()
        for name in ("age", "income")
    }
    assert MOVED_CELLS == 2
    for each in off.values():
        assert np.allclose(each, MOVED_BY, atol=0.05)


def test_a_table_without_numbers_has_no_moved_rows() -> None:
    assert (
        moved(FRAME.select("city", "member"), columns_of(FRAME.select("city", "member")), 0) is None
    )
