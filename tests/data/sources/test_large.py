"""A file read in parts is the file read at once."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.conftest import attempt

from mlwright.core.errors import DataError
from mlwright.data.ingest import ingest
from mlwright.data.reread import reread
from mlwright.data.settings import DataSettings
from mlwright.data.sources.kinds import decide, decide_blocks
from mlwright.store.memory import MemoryStore

NUMBERS = ("1", "2", " 3", "?", "NA", "", "07", "1.5", "1e5", "inf", "1,5", "9" * 20)
MOMENTS = ("2020-01-02", "2020-01-02T03:04", "2020-01-02 03:04:05.25", "2020-01-02T03:04Z")
CELL = st.none() | st.sampled_from((*NUMBERS, *MOMENTS, "true", "FALSE", "x"))


@settings(max_examples=15)
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_column_in_blocks_becomes_what_it_becomes_as_one(cells: list[list[str | None]]) -> None:
    blocks = [pl.Series(each, dtype=pl.String) for each in cells]
    whole, told = decide(pl.concat(blocks))

    kind, told_in_blocks = decide_blocks(lambda: iter(blocks))

    assert pl.concat([kind(each) for each in blocks]).equals(whole, check_dtypes=True)
    assert sorted(told_in_blocks) == sorted(told)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlwright.data.sources.large.LARGE", {"csv": 0, "parquet": 0})
    monkeypatch.setattr("mlwright.data.sources.text.BLOCK", 20_000)
    monkeypatch.setattr("mlwright.data.sources.large.FRAGMENT_ROWS", 64)
    monkeypatch.setattr("mlwright.data.snapshot.FRAGMENT_ROWS", 256)


def read(path: Path, key: str | None = None):
    store = MemoryStore()
    snapshot, source = ingest(path, DataSettings(key=key), store=store, known=lambda _: None)
    return store, snapshot, source


FRAME = pl.DataFrame(
    {
        "id": np.arange(1_000),
        "x": np.random.default_rng(0).normal(size=1_000),
        "late": [None] * 990 + ["1.5"] * 10,
        "spelt": ["NA", "7", " 8", None] * 250,
        "text": [f"n, {n}" for n in range(1_000)],
        "t": pl.Series(np.arange(1_000) * 10**9).cast(pl.Datetime("us")),
    }
)


def write(folder: Path) -> list[Path]:
    FRAME.write_csv(folder / "t.csv")
    FRAME.write_parquet(folder / "t.parquet", row_group_size=300)
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    FRAME.write_csv(folder / "t.tsv", separator="\t")
    return sorted(folder.iterdir())


def test_files_in_parts_are_the_same_data_with_the_same_things_told(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    paths = write(tmp_path)
    whole = [read(path, "id") for path in paths]

    request.getfixturevalue("in_parts")

    for path, (_, expected, source) in zip(paths, whole, strict=True):
        store, found, told = read(path, "id")
        assert (found.id, found.rows, found.columns) == (expected.id, 1_000, expected.columns)
        assert len(found.fragments) == 4
        assert reread(found, store)[0] == expected.id
        assert sorted(map(str, found.readings)) == sorted(map(str, expected.readings))
        assert told == source


def test_what_is_wrong_with_a_large_file_is_said_as_of_a_small_one(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    parquet = tmp_path / "t.parquet"
    FRAME.write_parquet(parquet)
    whole = parquet.read_bytes()
    faulty = {
        "ragged.csv": b"a,b\n1,2\n3\n",
        "quote.csv": b'a,b\n1,"2\n',
        "empty.csv": b"",
        "header.csv": b"a,b\n",
        "one.csv": b"a,b\n1,2\n",
        "twice.csv": b"id,b\n1,2\n1,3\n",
        "cut.parquet": whole[:-100],
        "flipped.parquet": whole[: len(whole) // 2] + b"\xff" * 40 + whole[len(whole) // 2 + 40 :],
    }
    for name, content in faulty.items():
        (tmp_path / name).write_bytes(content)

    def codes() -> list[str | None]:
        found = [attempt(lambda name=name: read(tmp_path / name, "id")) for name in faulty]
        return [each.code if isinstance(each, DataError) else None for each in found]

    before = codes()
    request.getfixturevalue("in_parts")

    assert codes() == before
    assert None not in before[:-1]
