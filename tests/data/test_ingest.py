from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import attempt

from mlwright.core.digest import digest_bytes
from mlwright.core.errors import DataError, MlwrightError, NotFoundError
from mlwright.data.ingest import ingest, read_table
from mlwright.data.records import Kind, Snapshot, Source
from mlwright.data.reread import reread
from mlwright.data.settings import DataSettings
from mlwright.data.sources import steady
from mlwright.data.table import read
from mlwright.store.memory import MemoryStore


def take_in(path: Path, **settings: object) -> tuple[Snapshot, Source]:
    made = DataSettings(**settings)  # type: ignore[arg-type]
    return ingest(path, made, store=MemoryStore(), known=lambda _: None)


def test_the_source_names_the_very_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,x\n2,y\n")

    _, source = take_in(path)

    digest = digest_bytes(path.read_bytes())
    schema = {"a": "Int64", "b": "String"}
    assert source == Source(str(path), "csv", digest, 12, "utf-8", schema=schema)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_a_shuffled_csv_and_a_parquet_of_it_are_the_same_data(
    name: str, built_in: dict[str, Path], tmp_path: Path
) -> None:
    header, *lines = built_in[name].read_text().splitlines()
    shuffled, table = tmp_path / "shuffled.csv", tmp_path / "table.parquet"
    shuffled.write_text("\r\n".join([header, *random.Random(0).sample(lines, len(lines))]))
    settings = DataSettings()
    read_table(built_in[name], settings).write_parquet(table)

    ids = {take_in(path)[0].id for path in (built_in[name], shuffled, table)}

    assert len(ids) == 1


def test_churn_says_which_blanks_it_read_as_missing(dataset: Callable[[str], Path]) -> None:
    snapshot, _ = take_in(dataset("churn"), key="customerID")

    assert snapshot.rows == 7043
    told = [(r.column, r.what, r.count) for r in snapshot.readings]
    assert told == [("TotalCharges", "' ' read as missing", 11)]
    assert {c.name: c.kind for c in snapshot.columns}["TotalCharges"] is Kind.FLOAT


def test_adult_keeps_its_question_marks_as_words(dataset: Callable[[str], Path]) -> None:
    store = MemoryStore()

    snapshot, _ = ingest(dataset("adult"), DataSettings(), store=store, known=lambda _: None)

    assert snapshot.rows == 48_842
    assert snapshot.readings == ()
    assert "?" in read(snapshot, store).frame["workclass"].unique()


@pytest.mark.parametrize("name", ["diamonds", "bikeshare", "german", "rainfall", "satimage"])
def test_real_files_read_as_a_second_reader_reads_them(
    name: str, dataset: Callable[[str], Path]
) -> None:
    found = read_table(dataset(name), DataSettings())

    other = pl.read_csv(dataset(name), infer_schema_length=None)
    assert found.columns == other.columns
    assert found.rows() == other.cast(dict(found.schema)).rows()


DAMAGE = {
    "parquet-broken",
    "data-empty",
    "type-unsupported",
    "column-name",
    "column-duplicate",
    "source-format",
}

WORD = st.sampled_from(
    [
        "1", "-0", "007", "1.5", "1e5", "inf", "nan", "NA", "?", "true", "False", " 3", "é", "'",
        "2020-01-01", "2020-01-01T10:00:00", "2020-01-01 10:00Z", '"a,b"', '"x\ny"', '""',
        '"q""q"', "9223372036854775808", "+1", "0x1", "\ufeff", "\\", "",
    ]
)  # fmt: skip


@st.composite
def written_tables(draw: st.DrawFn) -> bytes:
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(WORD, min_size=width, max_size=width), max_size=6))
    return "\n".join(map(",".join, [[f"c{i}" for i in range(width)], *rows])).encode()


@given(st.one_of(written_tables(), st.binary(max_size=60)))
def test_any_bytes_give_a_snapshot_that_reads_back_as_itself_or_a_coded_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    store = MemoryStore()

    found = attempt(lambda: ingest(path, DataSettings(), store=store, known=lambda _: None))

    if not isinstance(found, MlwrightError):
        snapshot, _ = found
        assert reread(snapshot, store) == (snapshot.id, snapshot.digest)
        assert len(read(snapshot, store).row_ids) == snapshot.rows > 1


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv", ""])
def test_a_files_ending_does_not_hide_parquet(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{suffix}"
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)

    assert take_in(path)[1].format == "parquet"


@given(st.binary(max_size=60), st.integers(0, 10**6), st.booleans())
def test_a_damaged_parquet_file_gives_a_table_or_a_coded_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int, cut: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.parquet"
    pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]}).write_parquet(path)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + noise + (b"" if cut else whole[place + len(noise) :]))

    found = attempt(lambda: read_table(path, DataSettings()))

    assert not isinstance(found, MlwrightError) or found.code in DAMAGE


@pytest.mark.parametrize(
    ("content", "word", "code"),
    [
        (b"\x1f\x8b\x08", "gzip", "source-packed"),
        (b"PK\x03\x04xyz", "zip", "source-format"),
        (b"SQLite format 3\0", "SQLite", "sqlite-broken"),
        (b"BZh91", "bzip2", "source-packed"),
    ],
)
def test_a_broken_file_of_another_format_is_refused_by_name(
    content: bytes, word: str, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        take_in(path)

    assert caught.value.code == code
    assert word in caught.value.message


def test_a_missing_file_offers_the_nearest_and_says_where_it_looked(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("a\n1\n")

    for name in ("custmers.csv", "custmers.parquet", "nowhere/x.csv"):
        with pytest.raises(NotFoundError) as caught:
            take_in(tmp_path / name)
        assert caught.value.code == "source-missing"
        assert caught.value.looked
    with pytest.raises(NotFoundError) as caught:
        take_in(tmp_path / "custmers.csv")
    assert caught.value.facts["nearest"] == "customers.csv"


def test_an_empty_folder_a_pipe_and_a_broken_name_are_no_tables(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(DataError) as caught:
        take_in(tmp_path / "pipe")
    assert caught.value.code == "source-not-a-file"
    with pytest.raises(NotFoundError) as empty:
        take_in(tmp_path)
    assert empty.value.code == "source-missing"
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(MlwrightError) as any_error:
            take_in(tmp_path / name)
        assert any_error.value.code in ("source-unreadable", "source-missing")


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
@pytest.mark.parametrize("change", ["grow", "touch", "replace", "remove", "break"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    name: str, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    frame = pl.DataFrame({"a": range(10), "b": range(10)})
    frame.write_csv(path) if name.endswith("csv") else frame.write_parquet(path)
    content = path.read_bytes()
    changed: list[str] = []
    original = steady.SteadyFile.read

    def reading(self: steady.SteadyFile, count: int = -1) -> bytes:
        found = original(self, count)
        if not changed:
            changed.append(change)
            if change == "grow":
                path.write_bytes(content + b"1,2\n")
            elif change == "break":
                path.write_bytes(content + b"1")
            elif change == "touch":
                os.utime(path, ns=(0, 0))
            elif change == "replace":
                (tmp_path / "other").write_bytes(content)
                (tmp_path / "other").replace(path)
            else:
                path.unlink()
        return found

    monkeypatch.setattr(steady.SteadyFile, "read", reading)

    with pytest.raises(DataError) as caught:
        take_in(path)

    assert caught.value.code == "source-changed"


def test_a_file_under_proc_whose_size_lies_is_refused() -> None:
    with pytest.raises(MlwrightError):
        take_in(Path("/proc/self/status"))
