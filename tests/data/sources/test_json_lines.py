"""JSON lines: what a second reader reads, whatever the order, the blocks and the spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.data.conftest import attempt

from mlwright.core.errors import MlwrightError
from mlwright.data.ingest import read_source
from mlwright.data.settings import DataSettings
from mlwright.data.sources import json_lines
from mlwright.data.sources.raw import RawTable

Reader = Callable[..., RawTable]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path = tmp_path_factory.mktemp("json") / "table.jsonl"

    def read(content: bytes, **settings: Any) -> RawTable:
        path.write_bytes(content)
        return read_source(path, DataSettings(**settings))

    return read


VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False),
    st.sampled_from(["", "2020-01-01", "2020-01-01T10:00:00Z", "007", 'a"b', '":', "\u2028"]),
)  # fmt: skip
OBJECT = st.dictionaries(st.sampled_from(["a", "b", "c d", "é"]), VALUE, min_size=1)


@settings(max_examples=40)
@given(st.lists(OBJECT, min_size=1, max_size=8), st.sampled_from([None, (" ,", " : ")]))
def test_every_value_comes_back_as_it_is_or_as_its_text(
    read: Reader, rows: list[dict[str, Any]], separators: tuple[str, str] | None
) -> None:
    text = "\n".join(json.dumps(row, separators=separators) for row in rows)

    table = read(text.encode())

    assert table.frame.height == len(rows)
    for name in table.frame.columns:
        written = [row.get(name) for row in rows]
        if table.frame[name].dtype.is_temporal():
            assert all(v is None or isinstance(v, str) for v in written)
            continue
        kinds = {type(value) for value in written} - {type(None)}
        for value, found in zip(written, table.frame[name].to_list(), strict=True):
            if found is None or isinstance(found, str) is isinstance(value, str):
                assert found == value or float(value) == found
            else:
                assert len(kinds) > 1 or abs(value) >= 2**63
                assert found.lower() == str(value).lower() or float(found) == value


@settings(max_examples=40)
@given(st.lists(OBJECT, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_lines_decides_no_type(
    read: Reader, rows: list[dict[str, Any]], random: Any
) -> None:
    text = [json.dumps(row) for row in rows]
    order = list(range(len(rows)))
    random.shuffle(order)

    first = read("\n".join(text).encode())
    second = read("\n".join(text[place] for place in order).encode())

    assert set(first.frame.columns) == set(second.frame.columns)
    assert_frame_equal(second.frame.select(first.frame.columns), first.frame[order])
    assert sorted(map(str, first.readings)) == sorted(map(str, second.readings))


@given(st.binary(max_size=60) | st.text('{}[]":,ab1.e \n\\u', max_size=40).map(str.encode))
def test_any_bytes_give_a_table_or_a_coded_error(read: Reader, content: bytes) -> None:
    found = attempt(lambda: read(b'{"a": 1}\n' + content))

    if isinstance(found, MlwrightError):
        assert found.fix
    else:
        assert found.frame.height >= 1


def test_blocks_of_rows_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"a": i if i < 40 else i + 0.5, "b" if i % 7 else "c": str(i)} for i in range(100)]
    path = tmp_path / "t.ndjson"
    path.write_text("\n\n".join(map(json.dumps, rows)) + "\n")
    whole = read_source(path, DataSettings())
    monkeypatch.setattr(json_lines, "_BATCH", 7)

    found = read_source(path, DataSettings())

    assert_frame_equal(found.frame, whole.frame, check_column_order=False)
    assert found.frame["a"].dtype == pl.Float64
    told = {reading.what: reading.count for reading in found.readings}
    assert told == {"blank lines left out": 99, "names missing from a line read as missing": 100}
