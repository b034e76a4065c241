"""One suite over every source: the same rows are the same data, and what is wrong has a code."""

from __future__ import annotations

import bz2
import functools
import gzip
import http.server
import json
import lzma
import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from backports import zstd
from tests.contract.postgres import database

from mlwright.core.errors import MlwrightError
from mlwright.data.ingest import ingest
from mlwright.data.records import Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.data.sources.outside import Outside
from mlwright.store.memory import MemoryStore

VARIABLE = "WAREHOUSE_URL"

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}


class Shelf:
    """Where a test puts a table for each kind of source, and how it is read back."""

    def __init__(self, folder: Path, web: str, warehouse: str) -> None:
        self.folder = folder
        self.web = web
        self.environ = {VARIABLE: warehouse}
        self.frame: object | None = None

    def take_in(self, place: str, **settings: object) -> tuple[Snapshot, Source]:
        return ingest(
            place,
            DataSettings(**settings),  # type: ignore[arg-type]
            store=MemoryStore(),
            known=lambda _: None,
            outside=Outside(self.environ, frame=self.frame),
        )

    def write(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)


Put = Callable[[Shelf, pl.DataFrame], dict[str, Any]]
"""Puts a table where a source finds it, and returns the place and settings to read it with."""


def as_csv(frame: pl.DataFrame, **options: Any) -> bytes:
    moments = [name for name, dtype in frame.schema.items() if dtype == pl.Datetime]
    text = frame.with_columns(pl.col(moments).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f"))
    return text.write_csv(None, **options).encode()


def put_csv(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    return {"place": shelf.write("t.csv", as_csv(frame))}


def put_tsv(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    content = as_csv(frame, separator="\t").decode().encode("utf-16")
    return {"place": shelf.write("t.tsv", content)}


def put_packed(packing: str, shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    return {"place": shelf.write(f"t.csv.{packing}", PACKERS[packing](as_csv(frame)))}


def put_parquet(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    frame.write_parquet(shelf.folder / "t.parquet")
    return {"place": str(shelf.folder / "t.parquet")}


def put_arrow(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    frame.write_ipc(shelf.folder / "t.feather")
    return {"place": str(shelf.folder / "t.feather")}


def put_stream(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    frame.write_ipc_stream(shelf.folder / "t.bin")
    return {"place": str(shelf.folder / "t.bin")}


def put_json(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    lines = [json.dumps(row, default=datetime_text, ensure_ascii=False) for row in frame.to_dicts()]
    return {"place": shelf.write("t.jsonl", "\n".join(lines).encode())}


def datetime_text(value: date) -> str:
    return value.isoformat()


def put_folder(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    half = frame.height // 2
    shelf.write("many/b.csv", as_csv(frame[:half]))
    shelf.write(
        "many/deep/a.csv.gz", gzip.compress(as_csv(frame[half:].select(frame.columns[::-1])))
    )
    shelf.write("many/README.md", b"no table")
    return {"place": str(shelf.folder / "many")}


def put_pattern(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    half = frame.height // 2
    frame[half:].write_parquet(shelf.folder / "part-1.parquet")
    frame[:half].write_parquet(shelf.folder / "part-2.parquet")
    return {"place": str(shelf.folder / "part-*.parquet")}


def put_sqlite(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    names = {pl.Boolean: "BOOLEAN", pl.Int64: "INTEGER", pl.Float64: "REAL"}
    columns = ", ".join(
        f"{quoted(n)} {names.get(type(dtype), 'TEXT')}" for n, dtype in frame.schema.items()
    )
    with closing(sqlite3.connect(shelf.folder / "t.db")) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute(f"CREATE TABLE t ({columns})")
        marks = ", ".join("?" * frame.width)
        rows = [[v.isoformat() if isinstance(v, date) else v for v in row] for row in frame.rows()]
        base.executemany(f"INSERT INTO t VALUES ({marks})", rows)
    return {"place": str(shelf.folder / "t.db")}


def put_postgres(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(shelf.environ[VARIABLE]) as base, base.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS t")
        cursor.adbc_ingest("t", frame, mode="create")
        base.commit()
    return {"place": f"env:{VARIABLE}", "query": "SELECT * FROM t"}


def put_excel(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    frame.write_excel(shelf.folder / "t.xlsx")
    return {"place": str(shelf.folder / "t.xlsx")}


def put_web(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    shelf.write("web.csv", as_csv(frame))
    return {"place": f"{shelf.web}/web.csv"}


def put_polars(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    shelf.frame = frame
    return {"place": "frame:polars"}


def put_pandas(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    import pandas as pd

    shelf.frame = pd.DataFrame({name: frame[name].to_list() for name in frame.columns})
    for name, dtype in frame.schema.items():
        if dtype == pl.Int64:
            shelf.frame[name] = shelf.frame[name].astype("Int64")
    return {"place": "frame:pandas"}


def put_handed(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    from arro3.core import Table

    shelf.frame = Table.from_arrow(frame)
    return {"place": "frame:arro3"}


SOURCES: dict[str, Put] = {
    "csv": put_csv,
    "tsv": put_tsv,
    **{f"csv.{packing}": functools.partial(put_packed, packing) for packing in PACKERS},
    "parquet": put_parquet,
    "arrow": put_arrow,
    "arrow stream": put_stream,
    "json lines": put_json,
    "folder": put_folder,
    "pattern": put_pattern,
    "sqlite": put_sqlite,
    "postgresql": put_postgres,
    "excel": put_excel,
    "http": put_web,
    "polars": put_polars,
    "pandas": put_pandas,
    "arrow frame": put_handed,
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def warehouse() -> Iterator[str]:
    with database() as address:
        yield address


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("web")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shelf(web: tuple[str, Path], warehouse: str) -> Iterator[Shelf]:
    address, folder = web
    yield Shelf(folder, address, warehouse)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


TABLE = pl.DataFrame(
    {
        "id": [3, 1, 2, 4],
        "größe": [1.5, None, -0.25, 1e300],
        "名前": ['b, "c"', "line\nbreak", None, "007"],
        "ok": [True, None, False, True],
        "day": [date(2020, 2, 29), None, date(1999, 12, 31), date(2026, 1, 1)],
        "at": [
            datetime(2020, 1, 1, 12, 30, 15, 250000),
            None,
            datetime(1980, 5, 5, 5, 5, 5),
            datetime(2026, 1, 1),
        ],
        "none": pl.Series([None] * 4, dtype=pl.String),
    }
)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("key", [None, "id"])
def test_the_same_rows_are_the_same_data(name: str, key: str | None, shelf: Shelf) -> None:
    shelf.frame = TABLE
    expected, _ = shelf.take_in("frame:polars", key=key)

    found, source = shelf.take_in(**SOURCES[name](shelf, TABLE), key=key)

    assert [(c.name, c.kind) for c in found.columns] == [(c.name, c.kind) for c in expected.columns]
    assert found.id == expected.id
    assert list(source.schema) == TABLE.columns
    assert shelf.environ[VARIABLE] not in repr(source)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (TABLE[:0], ("data-no-rows", "data-empty", "frame-kind")),
        (TABLE[:1], ("data-one-row",)),
    ],
    ids=["empty", "one row"],
)
def test_a_table_without_rows_to_learn_from_has_a_code(
    name: str, frame: pl.DataFrame, code: tuple[str, ...], shelf: Shelf
) -> None:
    with pytest.raises(MlwrightError) as caught:
        shelf.take_in(**SOURCES[name](shelf, frame))

    assert caught.value.code in code
    assert caught.value.fix


@pytest.mark.parametrize("name", SOURCES)
def test_one_column_of_numbers_with_nan_and_infinity(name: str, shelf: Shelf) -> None:
    if name == "excel":
        pytest.skip("a workbook has no such numbers")
    frame = pl.DataFrame({"x": [1.5, math.nan, math.inf, -math.inf, None]})
    if name == "sqlite":
        frame = frame.with_columns(pl.col("x").fill_nan(None))  # it stores NaN as NULL itself

    found, _ = shelf.take_in(**SOURCES[name](shelf, frame))

    shelf.frame = frame
    assert found.id == shelf.take_in("frame:polars")[0].id
    assert any(r.what == "infinite values kept" for r in found.readings)
