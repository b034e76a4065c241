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

import pandas as pd
import polars as pl
import pytest
from adbc_driver_postgresql import dbapi
from backports import zstd
from tests.contract.postgres import PASSWORD, database

from mlwright.cli.main import run
from mlwright.core.errors import MlwrightError
from mlwright.core.seam import SystemSeam
from mlwright.data.ingest import ingest, read_table
from mlwright.data.records import Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.data.sources.outside import Outside
from mlwright.ledger.ledger import Ledger
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
        base.execute("DROP TABLE IF EXISTS t")
        base.execute(f"CREATE TABLE t ({columns})")
        marks = ", ".join("?" * frame.width)
        rows = [[v.isoformat() if isinstance(v, date) else v for v in row] for row in frame.rows()]
        base.executemany(f"INSERT INTO t VALUES ({marks})", rows)
    return {"place": str(shelf.folder / "t.db")}


def put_postgres(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
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


def put_text(name: str, content: bytes) -> Put:
    def put(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
        return {"place": shelf.write(name, content)}

    return put


def put_query(query: str) -> Put:
    def put(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
        return {"place": f"env:{VARIABLE}", "query": query}

    return put


def put_sequence(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    with dbapi.connect(shelf.environ[VARIABLE]) as base, base.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE s")
        base.commit()
    return {"place": f"env:{VARIABLE}", "query": "SELECT nextval('s') AS a"}


def put_base(query: str | None, *statements: str) -> Put:
    def put(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
        with closing(sqlite3.connect(shelf.folder / "t.sqlite")) as base, base:
            base.execute("PRAGMA synchronous = OFF")
            for statement in statements:
                base.execute(statement)
        return {"place": str(shelf.folder / "t.sqlite"), "query": query}

    return put


def put_bad_folder(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    shelf.write("many/a.csv", b"id,x\n1,2\n2,3\n")
    shelf.write("many/b.csv", b"id,z\n3,4\n")
    return {"place": str(shelf.folder / "many")}


def put_bad_kinds(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    pl.DataFrame({"id": [1, 2], "x": [2, 3]}).write_parquet(shelf.folder / "a.parquet")
    pl.DataFrame({"id": [3, 4], "x": ["n", "m"]}).write_parquet(shelf.folder / "b.parquet")
    return {"place": str(shelf.folder / "*.parquet")}


def put_mixture(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    shelf.write("many/a.csv", b"id,x\n1,2\n2,3\n")
    frame.write_parquet(shelf.folder / "many" / "b.parquet")
    return {"place": str(shelf.folder / "many")}


def put_sheets(shelf: Shelf, frame: pl.DataFrame) -> dict[str, Any]:
    import xlsxwriter

    with xlsxwriter.Workbook(shelf.folder / "t.xlsx") as book:
        for name in ("one", "two"):
            frame.write_excel(book, worksheet=name)
    return {"place": str(shelf.folder / "t.xlsx")}


def put_frame(frame: object) -> Put:
    def put(shelf: Shelf, _: pl.DataFrame) -> dict[str, Any]:
        shelf.frame = frame
        return {"place": "frame:given"}

    return put


ROWS = pl.DataFrame({"id": [1, 2], "x": [0.5, 1.5]})
TWICE = "SELECT 1 AS a, 2 AS a"

WRONG: dict[str, tuple[Put, str, str]] = {
    "csv: a name twice": (put_text("t.csv", b"a,a\n1,2\n3,4\n"), "column-duplicate", "'a'"),
    "csv: bad bytes": (put_text("t.csv", b"a,b\n1,\xff\n"), "data-encoding", "byte 6"),
    "packed: cut off": (put_text("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:-9]),
                        "source-packed", "gzip"),
    "packed: rubbish after": (put_text("t.csv.gz", gzip.compress(b"a\n1\n2\n") + b"xx"),
                              "source-packed", "gzip"),
    "json: a name twice": (put_text("t.jsonl", b'{"a": 1}\n{"a": 2, "a": 3}'), "json-name-twice",
                           "line 2"),
    "json: a name twice, spaced": (put_text("t.jsonl", b'{"a" : 1, "b": 2, "a": 3}'),
                                   "json-name-twice", "'a'"),
    "json: too large": (put_text("t.jsonl", b'{"a": 1e400}'), "json-line", "1e400"),
    "json: a list": (put_text("t.json", b'[{"a": 1},\n {"a": 2}]'), "json-line", "line 1"),
    "json: cut off": (put_text("t.jsonl", b'{"a": 1}\n{"a": '), "json-line", "line 2"),
    "json: bad bytes": (put_text("t.jsonl", b'{"a": "\xff"}'), "data-encoding", "byte 7"),
    "json: a nested value": (put_text("t.jsonl", b'{"a": [1]}\n{"a": [2]}'), "type-unsupported",
                             "'a'"),
    "json: an unseen name": (put_text("t.jsonl", b'{"a\\u202e": 1}\n{"a\\u202e": 2}'),
                             "column-name", "U+202E"),
    "arrow: cut off": (put_text("t.arrow", b"ARROW1\0\0" + b"x" * 99), "arrow-broken", "t.arrow"),
    "excel: cut off": (put_text("t.xlsx", b"PK\x03\x04" + b"x" * 99), "source-format", "zip"),
    "excel: several sheets": (put_sheets, "sheet-unclear", "'one', 'two'"),
    "folder: other columns": (put_bad_folder, "schema-differs", "b.csv"),
    "pattern: other kinds": (put_bad_kinds, "schema-differs", "b.parquet"),
    "folder: two formats": (put_mixture, "source-mixed", "b.parquet"),
    "sqlite: a name twice": (put_base(TWICE, "CREATE TABLE t (a)"), "column-duplicate", "'a'"),
    "sqlite: several tables": (put_base(None, "CREATE TABLE t (a)", "CREATE TABLE u (a)"),
                               "query-missing", "database"),
    "sqlite: no table": (put_base("SELECT * FROM nix", "CREATE TABLE t (a)"), "query-failed",
                         "nix"),
    "sqlite: a change": (put_base("DELETE FROM t", "CREATE TABLE t (a)"), "query-failed", "DELETE"),
    "sqlite: two statements": (put_base("SELECT 1; DROP TABLE t", "CREATE TABLE t (a)"),
                               "query-failed", "one statement"),
    "sqlite: nothing": (put_base(" ; ", "CREATE TABLE t (a)"), "query-failed", "empty"),
    "sqlite: bytes": (put_base("SELECT x'00ff' AS a", "CREATE TABLE t (a)"), "type-unsupported",
                      "bytes"),
    "sqlite: bad text": (put_base("SELECT CAST(x'ff' AS TEXT) AS a", "CREATE TABLE t (a)"),
                         "data-encoding", "t.sqlite"),
    "sqlite: damaged": (put_text("t.db", b"SQLite format 3\0" + b"\1" * 200), "sqlite-broken",
                        "t.db"),
    "postgresql: a name twice": (put_query(TWICE), "column-duplicate", "'a'"),
    "postgresql: no query": (put_query(None), "query-missing", "env:"),  # type: ignore[arg-type]
    "postgresql: no table": (put_query("SELECT * FROM nix"), "query-failed", "nix"),
    "postgresql: a change": (put_query("CREATE TABLE u (a int)"), "query-failed", "CREATE"),
    "postgresql: two statements": (put_query("SELECT 1; SELECT 2"), "query-failed", ";"),
    "postgresql: a change inside": (put_sequence, "query-failed", "read-only"),
    "postgresql: a bad value": (put_query("SELECT 1 / 0 AS a"), "query-failed", "division"),
    "postgresql: an interval": (put_query("SELECT '1 day'::interval AS a"), "type-unsupported",
                                "interval"),
    "postgresql: money": (put_query("SELECT '1.50'::money AS a"), "type-unsupported", "money"),
    "postgresql: a list": (put_query("SELECT ARRAY[1] AS a"), "type-unsupported", "'a'"),
    "postgresql: infinity": (put_query("SELECT date 'infinity' AS a UNION SELECT '2020-01-01'"),
                             "type-unsupported", "1 to 9999"),
    "http: not there": (lambda s, _: {"place": f"{s.web}/nix.csv"}, "source-unreached", "404"),
    "http: too large": (lambda s, f: {**put_web(s, f), "max_download": 10.0}, "source-too-large",
                        "10"),
    "http: nobody": (lambda *_: {"place": "http://127.0.0.1:9/t.csv"}, "source-unreached",
                     "refused"),
    "http: no host": (lambda *_: {"place": "http:///t.csv"}, "source-scheme", "address"),
    "http: a password": (lambda *_: {"place": "http://a:b@h/t.csv"}, "source-secret", "http"),
    "http: a token": (lambda *_: {"place": "https://h/t.csv?token=1"}, "source-secret", "https"),
    "ftp": (lambda *_: {"place": "s3://bucket/t.csv"}, "source-scheme", "s3"),
    "a password in the open": (lambda *_: {"place": "postgresql://u:pw@h/d", "query": "x"},
                               "source-secret", "postgresql"),
    "no variable": (lambda *_: {"place": "env:WAREHOUSE"}, "source-variable", VARIABLE),
    "no set": (lambda *_: {"place": "sklearn:irsi"}, "source-missing", "'iris'"),
    "no file of the pattern": (lambda s, _: {"place": f"{s.folder}/x*.csv"}, "source-missing",
                               "x*.csv"),
    "a query for a file": (lambda s, f: {**put_csv(s, f), "query": "SELECT 1"}, "query-unfit",
                           "t.csv"),
    "no frame": (lambda *_: {"place": "frame:pandas"}, "source-scheme", "frame"),
    "frame: a name twice": (put_frame(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])),
                            "column-duplicate", "'a'"),
    "frame: nested": (put_frame(pl.DataFrame({"a": [[1], [2]]})), "type-unsupported", "'a'"),
    "frame: objects": (put_frame(pd.DataFrame({"a": [{1}, {2}]})), "type-unsupported", "set"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_source_has_a_code_and_names_it(case: str, shelf: Shelf) -> None:
    put, code, named = WRONG[case]

    with pytest.raises(MlwrightError) as caught:
        shelf.take_in(**put(shelf, ROWS))

    assert caught.value.code == code
    assert named in caught.value.message
    assert caught.value.fix
    assert "Passw0rd" not in repr((caught.value, caught.value.facts, caught.value.looked))


def test_types_of_a_database_are_kept_and_its_decimals_read(shelf: Shelf) -> None:
    query = """
        SELECT * FROM (VALUES
            (1::int2, 2.50::numeric(8, 2), 7::numeric, 'x'::char(3), 'NaN'::numeric,
             '2020-01-01 12:00+02'::timestamptz, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid),
            (2, 1e-3, 8, 'yy', 1, '2020-01-01 12:00+00', NULL)
        ) AS t (i, d, w, c, n, at, u) -- the end"""

    found, source = shelf.take_in(f"env:{VARIABLE}", query=query)

    kinds = {column.name: column.kind.value for column in found.columns}
    assert kinds == {
        "i": "integer", "d": "float", "w": "integer", "c": "string", "n": "integer",
        "at": "datetime", "u": "string",
    }  # fmt: skip
    assert (source.address, source.query, source.size) == (f"env:{VARIABLE}", query, None)
    assert source.content == found.digest
    assert ("n", "'NaN' read as missing") in [(r.column, r.what) for r in found.readings]


def test_an_address_and_its_password_stand_nowhere(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put_postgres(shelf, TABLE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlwright.toml").write_text(
        f'[data]\nsource = "env:{VARIABLE}"\nquery = "SELECT * FROM t"\nkey = "id"\n'
    )
    address = shelf.environ[VARIABLE]
    wrong = address.replace(PASSWORD, "wr0ng-Passw0rd")
    base = put_sqlite(shelf, TABLE)["place"]
    nowhere = f"postgresql://tester:{PASSWORD}@127.0.0.1:9/warehouse"
    ended = []
    for value in (address, wrong, nowhere):
        monkeypatch.setenv(VARIABLE, value)
        ended += [run(["data", "add", *flags]) for flags in ([], ["--json"], ["-v"])]
    for value in (f"sqlite:{base}", f"sqlite:{base}-Passw0rd", f"dbname={PASSWORD}"):
        monkeypatch.setenv(VARIABLE, value)
        ended.append(run(["data", "add", "--json"]))
    ended += [run(["data", "ls"]), run(["show", "settings"]), run(["ls", "events"])]

    said = "".join(capfd.readouterr())
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with Ledger.open(tmp_path / ".mlwright" / "ledger", SystemSeam()) as ledger:
        kept += b"".join(event.body for event in ledger.events())  # packed in their file
    assert ended == [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 4, 2, 0, 0, 0]
    assert f"env:{VARIABLE}" in said
    for secret in ("Passw0rd", "tester", address):
        assert secret not in said
        assert secret.encode() not in kept


@pytest.mark.deep
@pytest.mark.parametrize("name", ["churn", "adult", "diamonds"])
def test_real_tables_are_the_same_data_from_every_source(
    name: str, dataset: Callable[[str], Path], shelf: Shelf
) -> None:
    frame = read_table(dataset(name), DataSettings())
    expected, _ = shelf.take_in(str(dataset(name)))

    ids = {source: shelf.take_in(**put(shelf, frame))[0].id for source, put in SOURCES.items()}

    assert ids == dict.fromkeys(SOURCES, expected.id)
