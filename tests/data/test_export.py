"""What was handed out and read again is the same data."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import deltalake
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.data.conftest import Shelf

from mlwright.core.errors import DataError, UsageError
from mlwright.data.delta import LOG, content_of, content_to_be
from mlwright.data.digests import DTYPES
from mlwright.data.export import csv_losses, export
from mlwright.data.ingest import ingest
from mlwright.data.records import Kind, Snapshot
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import build
from mlwright.data.table import read
from mlwright.store.memory import MemoryStore

SCHEMA = dict(zip("ifbsdt", [DTYPES[k] for k in (
    Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.STRING, Kind.DATE, Kind.DATETIME,
)], strict=True))  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "f": st.none() | st.floats(allow_nan=False),
            "b": st.none() | st.booleans(),
            "s": st.none() | TEXT | st.sampled_from(["", "NA", "1", "true", "2020-01-01", " 1"]),
            "d": st.none() | st.dates(),
            "t": st.none() | st.datetimes(),
        }
    ),
    min_size=2,
    max_size=8,
)


def again(path: Path, key: str | None = None) -> Snapshot:
    return ingest(path, DataSettings(key=key), store=MemoryStore(), known=lambda _: None)[0]


@settings(max_examples=10)
@given(rows=ROWS)
def test_a_table_comes_back_from_parquet_and_from_csv_unless_a_loss_is_told(
    rows: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("exported")
    shelf = Shelf()
    snapshot = shelf.snapshot(pl.DataFrame(rows, schema=SCHEMA))

    parquet = export(snapshot, shelf.store, folder / "t.parquet")
    csv = export(snapshot, shelf.store, folder / "t.csv")

    assert parquet.losses == ()
    assert again(parquet.path).id == snapshot.id
    back = again(csv.path)
    before, after = ({c.name: c.kind for c in each.columns} for each in (snapshot, back))
    assert (back.id == snapshot.id) == (not csv.losses)
    # A loss is never told of a column that comes back as it was.
    assert all(before[loss.column] is not after[loss.column] for loss in csv.losses)
    assert sorted(path.name for path in folder.iterdir()) == ["t.csv", "t.parquet"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["1", "22"], "read again as integer"),
        (["2020-01-01", None], "read again as date"),
        (["1", "x"], None),
        (pl.Series([None, None], dtype=pl.Float64), "every value is missing"),
        ([date(20_000 - 11_000, 1, 1), date(1, 1, 1)], None),
        (["a\0", "b"], "NUL"),
        (["x" * (1 << 20) + "yz", "b"], "1,048,578 bytes"),
    ],
)
def test_what_csv_cannot_hold_is_told_by_column(
    values: list[object] | pl.Series, why: str | None, shelf: Shelf
) -> None:
    snapshot = shelf.snapshot(pl.DataFrame({"id": [1, 2], "x": values}))

    losses = csv_losses(snapshot, shelf.store)

    assert [loss.column for loss in losses] == (["x"] if why else [])
    assert why is None or why in losses[0].why


@pytest.mark.parametrize("key", ["id", None])
def test_rows_of_many_parts_come_in_row_id_order_whatever_the_fragments(
    key: str | None, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("snapshot", "sharing", "ordered", "export"):
        monkeypatch.setattr(f"mlwright.data.{module}.FRAGMENT_ROWS", 64)
    monkeypatch.setattr("mlwright.data.ordered.PART_ROWS", 150)
    frame = pl.DataFrame({"id": np.arange(1_000), "x": np.arange(1_000) % 7, "y": ["a", ""] * 500})
    first = shelf.snapshot(frame.drop("id") if key is None else frame, key)
    later = frame.filter(pl.col("id") % 50 > 0).with_columns(pl.col("x") + (pl.col("id") % 9 == 0))
    snapshot = build(
        later.drop("id") if key is None else later, key=key, store=shelf.store, parent=first
    )
    assert any(fragment.deleted for fragment in snapshot.fragments)

    export(snapshot, shelf.store, tmp_path / "t.parquet")
    export(snapshot, shelf.store, tmp_path / "t.csv")

    expected = read(snapshot, shelf.store).frame
    assert_frame_equal(pl.read_parquet(tmp_path / "t.parquet"), expected)
    assert pl.read_csv(tmp_path / "t.csv")["x"].to_list() == expected["x"].to_list()
    assert {again(tmp_path / f"t.{end}", key).id for end in ("csv", "parquet")} == {snapshot.id}


def test_a_delta_table_is_read_by_others(shelf: Shelf, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [1, 2, 3],
            "x": [0.1, None, -2.5],
            "s": ["a", "", None],
            "t": [datetime(2020, 1, 2, 3, 4, 5, 6), None, datetime(1970, 1, 1)],
            "d": [date(2020, 1, 1), None, date(1, 1, 1)],
            "b": [True, None, False],
        }
    )
    snapshot = shelf.snapshot(frame, "id")

    found = export(snapshot, shelf.store, tmp_path / "table")

    assert (found.format, found.rows) == ("delta", 3)
    assert deltalake.DeltaTable(str(tmp_path / "table")).version() == 0
    assert_frame_equal(pl.read_delta(str(tmp_path / "table")).sort("id"), frame)
    assert content_of(tmp_path / "table") == content_to_be(snapshot, shelf.store)
    (tmp_path / "table" / LOG / f"{0:020}.json").write_text("{")
    with pytest.raises(DataError) as broken:
        content_of(tmp_path / "table")
    assert broken.value.code == "delta-unreadable"
    with pytest.raises(UsageError) as caught:
        export(snapshot, shelf.store, tmp_path / "table")
    assert caught.value.code == "export-exists"


def test_an_ending_without_a_format_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    snapshot = shelf.snapshot(pl.DataFrame({"x": [1, 2]}))

    with pytest.raises(UsageError) as caught:
        export(snapshot, shelf.store, tmp_path / "t.xlsx")

    assert caught.value.code == "export-format"
    assert not list(tmp_path.iterdir())
