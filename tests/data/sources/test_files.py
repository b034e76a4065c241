"""One table from many files: which belong to it, and which is named when they do not agree."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from mlwright.core.errors import MlwrightError
from mlwright.data.ingest import read_source, read_table
from mlwright.data.settings import DataSettings


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_types_are_decided_over_all_files_whatever_their_order(tmp_path: Path) -> None:
    one = write(
        tmp_path / "one", a_csv="x,c\n1,007\n", b_csv="x,c\n2.5,9\n", z__c_tsv="c\tx\nq\t?\n"
    )
    other = write(tmp_path / "other", a_csv="x,c\n2.5,9\n", b_csv="x,c\n,q\n1,007\n")

    first = read_table(one, DataSettings())
    second = read_table(str(other / "*.csv"), DataSettings())

    assert first.schema == second.schema == {"x": pl.Float64, "c": pl.String}
    assert first.rows() == [(1.0, "007"), (2.5, "9"), (None, "q")]
    assert second.rows() == [(2.5, "9"), (None, "q"), (1.0, "007")]


def test_files_that_are_no_tables_are_left_out_and_told(tmp_path: Path) -> None:
    write(tmp_path, a_csv="x\n1\n", notes_md="x", _hidden_csv="y\n1\n")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.csv").write_text("z\n1\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"x\n2\n"))

    table = read_source(tmp_path, DataSettings())

    told = {reading.what: reading.count for reading in table.readings}
    assert table.frame["x"].to_list() == [1, 2]
    assert table.files == 2
    assert told == {
        "files without a table's ending left out: 'notes.md'": 1,
        "unpacked from gzip": 1,
    }


def test_the_same_bytes_in_the_same_files_have_the_same_digest(tmp_path: Path) -> None:
    first, second, other = (
        read_source(write(tmp_path / name, **files), DataSettings())
        for name, files in {
            "one": {"a_csv": "x\n1\n", "b_csv": "x\n2\n"},
            "two": {"b_csv": "x\n2\n", "a_csv": "x\n1\n"},
            "three": {"a_csv": "x\n2\n", "b_csv": "x\n1\n"},
        }.items()
    )

    assert first.content == second.content != other.content
    assert first.size == 8


@pytest.mark.parametrize(
    ("files", "code", "named"),
    [
        ({"a_csv": "x\n1\n", "b_csv": "x\n1,2\n"}, "csv-ragged", "b.csv: line 2"),
        ({"a_csv": "x\n1\n", "b_csv": ""}, "data-empty", "b.csv"),
        ({"a_csv": "x\n1\n", "b_csv": "X\n1\n"}, "schema-differs", "b.csv"),
        ({"a_csv": "x\n1\n", "b_jsonl": '{"x": 1}'}, "source-mixed", "b.jsonl"),
        ({"a_jsonl": '{"x": 1}', "b_jsonl": '{"x": [1]}'}, "type-unsupported", "'x'"),
        ({"a_md": "x\n1\n"}, "source-missing", "folder"),
    ],
)
def test_the_file_that_does_not_fit_is_named(
    files: dict[str, str], code: str, named: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "folder", **files)

    with pytest.raises(MlwrightError) as caught:
        read_source(folder, DataSettings())

    assert caught.value.code == code
    assert named in caught.value.message


def test_parquet_files_agree_where_a_column_is_empty_or_whole(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "b": [None, None], "c": [1, 2]}).write_parquet(
        tmp_path / "1.parquet"
    )
    pl.DataFrame({"c": [0.5], "b": ["x"], "a": [None]}).write_parquet(tmp_path / "2.parquet")

    table = read_table(tmp_path, DataSettings())

    assert table.rows() == [(1, None, 1.0), (2, None, 2.0), (None, "x", 0.5)]
