from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.data.conftest import attempt

from mlwright.core.errors import DataError, MlwrightError, UsageError
from mlwright.data.settings import DataSettings
from mlwright.data.sources import csv as source
from mlwright.data.sources.raw import RawTable

Reader = Callable[..., RawTable]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path = tmp_path_factory.mktemp("csv") / "table.csv"

    def read(content: bytes, **settings: object) -> RawTable:
        path.write_bytes(content)
        return source.read(path, DataSettings(**settings))  # type: ignore[arg-type]

    return read


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(alphabet=',;"\n\r\t ab1.\0é?-|\ufeff\u202e', max_size=80).map(str.encode),
    ),
    st.sampled_from(["utf-8", "latin-1", "utf-16", "cp1252", "utf-7", "shift_jis"]),
)
@example(b"", "utf-8")
@example(b"\xef\xbb\xbf", "utf-8")
@example(b'a,b\n"1,2', "utf-8")
@example(b'"', "utf-8")
@example(b"\n\n\n", "utf-8")
@example(b"a\n\n\n", "utf-8")
@example(b"a\r\r\n\n1", "utf-8")
def test_any_bytes_give_a_table_or_a_coded_error(
    read: Reader, content: bytes, encoding: str
) -> None:
    found = attempt(lambda: read(content, encoding=encoding))

    if isinstance(found, MlwrightError):
        assert found.code
        assert found.fix
    else:
        assert found.size == len(content)
        assert len(set(found.frame.columns)) == found.frame.width > 0


CELL = st.one_of(
    st.text(alphabet='abc ,;"\n\r\té\U0001f600', max_size=5), st.integers(-9, 9).map(str)
)


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    row = st.lists(CELL, min_size=width, max_size=width)
    return draw(st.lists(row, min_size=1, max_size=6))


@given(grids(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_any_writer_quoted_reads_back_as_the_same_text(
    read: Reader, rows: list[list[str]], separator: str, line_end: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    names = [f"c{i}" for i in range(len(rows[0]))]
    # A last row of words keeps every column text, so that nothing is read as a number.
    writer.writerows([names, *rows, ["word"] * len(names)])

    table = read(text.getvalue().encode(), separator=separator)

    assert [list(row) for row in table.frame.rows()][:-1] == rows


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1) | st.none(),
            st.floats(allow_nan=False) | st.none(),
            st.booleans() | st.none(),
            st.dates() | st.none(),
            st.datetimes() | st.none(),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.none(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_reading_back_gives_the_values_that_were_written(
    read: Reader, rows: list[tuple[object, ...]]
) -> None:
    schema = {
        "i": pl.Int64, "f": pl.Float64, "b": pl.Boolean,
        "d": pl.Date, "t": pl.Datetime("us"), "s": pl.String,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = frame.with_columns(pl.format("_{}", "s").alias("s"))  # text that looks like text

    found = read(frame.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.6f").encode()).frame

    for name in frame.columns:
        # A column of nulls alone says nothing about its kind; decimals without one are whole.
        if frame[name].null_count() < frame.height:
            kind = schema[name]
            assert_frame_equal(found.select(pl.col(name).cast(kind)), frame.select(name))


def test_a_shuffled_file_gives_the_same_kinds_and_rows(read: Reader) -> None:
    lines = [f"{i},{i / 4 if i % 50 else ''},{'NA' if i == 999 else i % 7}" for i in range(1000)]
    shuffled = random.Random(1).sample(lines, len(lines))

    first = read("\n".join(["id,x,y", *lines]).encode())
    second = read("\n".join(["id,x,y", *shuffled]).encode())

    assert first.frame.schema == second.frame.schema
    assert_frame_equal(first.frame, second.frame.sort("id"))
    assert first.readings == second.readings


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "data-empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "data-empty"),
        (b"a,a\n1,2\n", "column-duplicate"),
        (b"a,b\n1,2\n3\n", "csv-ragged"),
        (b"a,b\n1,\0\n", "data-nul-byte"),
        (b"a,caf\xe9\n1,2\n", "data-encoding"),
        (b"a,b\xe2\x80\xae\n1,2\n", "column-name"),
        (b"a,b\x07\n1,2\n", "column-name"),
        (b'a,"b\n1,2\n', "csv-quote-open"),
        (b'a,"b" c\n1,2\n', "csv-header"),
        ("a,b\n1,2\n".encode("utf-16-le"), "data-nul-byte"),
        (b"a,b\n1," + b"x" * 2_000_000, "csv-cell-too-large"),
        (b"a," + b"x" * 9_000_000, "csv-header"),
        (b"," * 5000 + b"\n" + b"," * 5000, "data-too-many-columns"),
    ],
)
def test_what_is_wrong_with_a_file_has_a_code(read: Reader, content: bytes, code: str) -> None:
    with pytest.raises(DataError) as caught:
        read(content)

    assert caught.value.code == code


def test_latin_1_is_named_by_its_first_byte_and_read_when_named(read: Reader) -> None:
    content = ("a" * 100 + ",b\n1,2\n3,caf\u00e9\n").encode("latin-1")

    with pytest.raises(DataError) as caught:
        read(content)

    assert caught.value.facts["offset"] == content.index(b"\xe9")
    assert "--encoding latin-1" in caught.value.fix
    assert read(content, encoding="latin-1").frame["b"].to_list() == ["2", "caf\u00e9"]


@pytest.mark.parametrize(
    ("content", "separator", "names"),
    [
        (b"name, first, last;age\nann;4\nbob, jr;5\n", ";", ["name, first, last", "age"]),
        (b"a|b,c,d\n1|2\n3|4\n", "|", ["a", "b,c,d"]),
        (b"a;b,c\n1;2,3\n4;5,6\n", ",", ["a;b", "c"]),
        (b'"x;y;z",b\n1,2\n', ",", ["x;y;z", "b"]),
        (b"a;b,c\n", ",", ["a;b", "c"]),
    ],
)
def test_the_separator_is_what_cuts_the_records_as_the_header(
    read: Reader, content: bytes, separator: str, names: list[str]
) -> None:
    table = read(content)

    assert table.frame.columns == names
    told = [reading.what for reading in table.readings]
    assert told == ([f"cells separated by {separator!r}"] if separator != "," else [])


@pytest.mark.parametrize("name", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding_unless_another_is_named(
    read: Reader, name: str
) -> None:
    content = "id,é\n1,ü\n".encode(name)

    table = read(content)

    assert table.frame.columns == ["id", "é"]
    told = [] if name == "utf-8-sig" else [f"text in {name}, as its first bytes say"]
    assert [reading.what for reading in table.readings] == told
    with pytest.raises(DataError) as caught:
        read(content, encoding="utf-7")
    assert caught.value.code == "data-encoding"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(read: Reader, encoding: str) -> None:
    table = read("\ufeffid,é\n1,ü\n".encode(encoding.removesuffix("-sig")), encoding=encoding)

    assert table.frame.columns == ["id", "é"]


def test_an_unknown_encoding_is_refused(read: Reader) -> None:
    for name in ("utf-9", "hex", "", "\0", "unicode_escape", "undefined"):
        with pytest.raises(UsageError) as caught:
            read(b"a,b\n1,2\n", encoding=name)
        assert caught.value.code == "encoding-unknown"


def test_a_multibyte_character_across_two_blocks_is_read_whole(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlwright.data.sources.text.BLOCK", 3)

    table = read('a,b\r\n1,"é\r\n😀"\r\n2,ü\r\n'.encode())

    assert table.frame.rows() == [(1, "é\r\n😀"), (2, "ü")]


def test_what_was_made_of_names_and_lines_is_told(read: Reader) -> None:
    table = read(b"\n; age ;\n1;2;3\n\n4;5;6\n")

    assert table.frame.columns == ["column_1", "age", "column_3"]
    assert {(r.column, r.what) for r in table.readings} == {
        ("column_1", "the header had no name for it"),
        ("column_3", "the header had no name for it"),
        ("age", "spaces around the name removed"),
        ("", "blank lines left out"),
        ("", "cells separated by ';'"),
    }


def test_an_empty_cell_is_missing_and_empty_quotes_are_empty_text(read: Reader) -> None:
    assert read(b'a,b\nx,\ny,""\nz,w\n').frame["b"].to_list() == [None, "", "w"]


def test_a_file_name_with_a_star_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "*.csv").write_text("x\n2\n")

    assert source.read(tmp_path / "*.csv", DataSettings()).frame["x"].to_list() == [2]
