"""Rows added to a data version: what stays is shared, what does not fit is refused by its name."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import MlwrightError
from mlwright.data.appending import append
from mlwright.data.records import Snapshot
from mlwright.data.snapshot import build
from mlwright.data.sources.raw import RawTable
from mlwright.data.table import read
from mlwright.store.memory import MemoryStore


def added(
    before: pl.DataFrame, rows: pl.DataFrame, *, key: str | None = None, wanted: str | None = None
) -> tuple[Snapshot, MemoryStore]:
    store = MemoryStore()
    parent = build(before, key=key, store=store)
    table = RawTable(rows, (), "csv")
    return append(parent, table, key=wanted, store=store, known=lambda _: None), store


ROW = st.fixed_dictionaries(
    {"id": st.integers(0, 30), "x": st.none() | st.floats(-9, 9), "t": st.sampled_from("abc")}
)
ROWS = st.lists(ROW, min_size=2, max_size=12, unique_by=lambda row: row["id"])
SCHEMA = {"id": pl.Int64, "x": pl.Float64, "t": pl.String}


@given(ROWS, st.lists(ROW, min_size=1, max_size=12, unique_by=lambda row: row["id"]), st.booleans())
def test_rows_added_are_the_data_that_reading_all_at_once_gives(
    before: list[dict[str, object]], rows: list[dict[str, object]], keyed: bool
) -> None:
    key = "id" if keyed else None
    new = {row["id"] for row in rows}
    left = [row for row in before if not (keyed and row["id"] in new)]

    found, store = added(pl.DataFrame(before, SCHEMA), pl.DataFrame(rows, SCHEMA), key=key)

    whole = build(pl.DataFrame(left + rows, SCHEMA), key=key, store=MemoryStore())
    assert found.id == whole.id
    assert len(read(found, store).row_ids) == len(left) + len(rows)


def test_one_row_added_to_many_writes_little() -> None:
    before = pl.DataFrame({"id": range(20_000), "x": [i * 0.37 for i in range(20_000)]})
    store = MemoryStore()
    parent = build(before, key="id", store=store)
    size = sum(map(len, store.objects.values()))
    row = pl.DataFrame({"x": [1], "id": [7]})

    found = append(parent, RawTable(row, (), "csv"), key=None, store=store, known=lambda _: None)

    assert found.rows == 20_000
    assert read(found, store).frame.filter(pl.col("id") == 7)["x"].item() == 1.0
    assert parent.fragments[0].table in {fragment.table for fragment in found.fragments}
    assert sum(map(len, store.objects.values())) < size * 1.2


@pytest.mark.parametrize(
    ("rows", "wanted", "code", "column"),
    [
        (pl.DataFrame({"id": [9], "y": [1.0]}), None, "schema-differs", "x"),
        (pl.DataFrame({"id": [9], "x": ["much"]}), None, "schema-differs", "x"),
        (pl.DataFrame({"id": [9.5], "x": [1.0]}), None, "schema-differs", "id"),
        (pl.DataFrame({"id": [9], "x": [2**53 + 1]}), None, "schema-differs", "x"),
        (pl.DataFrame({"id": [9, 9], "x": [1.0, 2.0]}), None, "key-duplicate", None),
        (pl.DataFrame({"id": [None], "x": [1.0]}, {"id": pl.Int64, "x": pl.Float64}), None,
         "key-missing-value", None),
        (pl.DataFrame({"id": [9], "x": [1.0]}), "x", "key-differs", None),
        (pl.DataFrame({"id": [], "x": []}), None, "data-no-rows", None),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_refused_by_their_column(
    rows: pl.DataFrame, wanted: str | None, code: str, column: str | None
) -> None:
    before = pl.DataFrame({"id": [1, 2], "x": [0.5, None]})

    with pytest.raises(MlwrightError) as caught:
        added(before, rows, key="id", wanted=wanted)

    assert caught.value.code == code
    assert column is None or caught.value.facts["column"] == column


def test_columns_in_another_order_and_without_values_fit() -> None:
    before = pl.DataFrame({"id": [1, 2], "x": [0.5, None], "t": ["a", "b"]})
    rows = pl.DataFrame({"t": [None], "x": [3], "id": [4]})

    found, store = added(before, rows, key="id")

    assert read(found, store).frame.rows() == [(1, 0.5, "a"), (2, None, "b"), (4, 3.0, None)]
