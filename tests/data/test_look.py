from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from mlwright.core.errors import DataError, UsageError
from mlwright.data.faults import write_faults
from mlwright.data.ingest import ingest
from mlwright.data.look import look
from mlwright.data.records import Fault
from mlwright.data.settings import DataSettings
from mlwright.data.table import read
from mlwright.store.memory import MemoryStore

ROWS = "id,name\n3,c\n1,a\n2,b\n1,a\n"


@pytest.mark.parametrize("key", [None, "id"])
def test_rows_have_the_ids_they_would_have_in_the_data_version(
    key: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "t.csv"
    file.write_text(ROWS if key is None else ROWS.removesuffix("1,a\n"))
    store = MemoryStore()

    looked = look(file, DataSettings(key=key))

    snapshot, _ = ingest(file, DataSettings(key=key), store=store, known=lambda _: None)
    kept = read(snapshot, store)
    assert looked.id == snapshot.id
    assert sorted(looked.table.row_ids) == sorted(kept.row_ids)
    assert looked.table.frame["id"].to_list()[:3] == [3, 1, 2]


def test_a_key_that_repeats_names_no_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(ROWS)

    looked = look(tmp_path / "t.csv", DataSettings(key="id"))

    assert looked.table.row_ids.str.len_chars().to_list() == [32, 32, 32, 34]


@pytest.mark.parametrize(
    ("content", "key", "code"),
    [(ROWS, "nmae", "column-unknown"), ("id,name\n", None, "data-no-rows")],
)
def test_what_cannot_be_looked_through_is_refused(
    content: str, key: str | None, code: str, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(content)

    with pytest.raises(DataError) as caught:
        look(tmp_path / "t.csv", DataSettings(key=key))

    assert caught.value.code == code


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_faults_are_written_with_values_of_any_kind(ending: str, tmp_path: Path) -> None:
    faults = [
        Fault("outlier", "age", "r1", 390, "far", 1),
        Fault("format", "age", "r2", "12 kg", "no number", 2),
        Fault("constant", "plan", None, None, "all alike"),
    ]
    out = tmp_path / f"faults.{ending}"

    write_faults(faults, out)

    back = pl.read_csv(out) if ending == "csv" else pl.read_parquet(out)
    assert back["value"].to_list() == ["390", "12 kg", None]
    assert back["place"].to_list() == [1, 2, None]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="faults-out-format"):
        write_faults([], tmp_path / "faults.xlsx")
