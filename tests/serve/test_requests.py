"""Bodies are read strictly: what is accepted is what was sent, what is not is told by code."""

from __future__ import annotations

import json
import math
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import DataError
from mlwright.serve import requests
from mlwright.serve.requests import Columns, read, rows_of

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=8)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from([":", '{"a":1}', "[:]", "2026-01-31T08:30:00"]),
)
OBJECTS = st.dictionaries(NAMES, CELLS, max_size=6)


def bits(value: Any) -> Any:
    return value.hex() if isinstance(value, float) else (type(value).__name__, value)


def exactly(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: bits(value) for name, value in row.items()} for row in rows]


@given(OBJECTS, st.booleans())
def test_a_row_is_read_to_the_bit_and_as_the_strict_reader_reads_it(
    row: dict[str, Any], ascii_only: bool
) -> None:
    body = json.dumps(row, ensure_ascii=ascii_only).encode()

    assert exactly(rows_of(body)) == exactly([row])
    assert exactly([requests._read_strictly(body)]) == exactly([row])


@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_rows_are_read_to_the_bit(rows: list[dict[str, Any]]) -> None:
    assert exactly(rows_of(json.dumps(rows).encode())) == exactly(rows)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_columns_hold_the_rows_they_stand_for(pairs: list[tuple[Any, Any]]) -> None:
    left, right = zip(*pairs, strict=True)
    body = json.dumps({"left:": left, "é": right}).encode()

    found = read(body)

    assert isinstance(found, Columns)
    assert exactly(found.rows()) == exactly([{"left:": a, "é": b} for a, b in pairs])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_has_the_bits_python_gives_its_text(number: float) -> None:
    for text in (repr(number), f"{number:.25e}", f"{number:.20f}"):
        (row,) = rows_of(b'{"x":%s}' % text.encode())

        assert float(text).hex() == float(str(row["x"])).hex() if "." in text else True
        assert isinstance(row["x"], float) == any(c in text for c in ".e")


@given(OBJECTS.filter(bool), st.data())
def test_a_name_that_stands_twice_is_never_accepted(row: dict[str, Any], data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(row)))
    inner = json.dumps(row)[1:-1]
    body = "{" + inner + ", " + json.dumps(name) + ": " + json.dumps(data.draw(CELLS)) + "}"

    with pytest.raises(DataError) as caught:
        read(body.encode())

    assert caught.value.code == "request-duplicate"


REFUSED = [
    (b"", "request-syntax"),
    (b"   ", "request-syntax"),
    (b"{", "request-syntax"),
    (b'{"a":1}x', "request-syntax"),
    (b'{"a":01}', "request-syntax"),
    (b'{"a":"\x01"}', "request-syntax"),
    (b'\xef\xbb\xbf{"a":1}', "request-syntax"),
    (b"{'a':1}", "request-syntax"),
    (b'{"a":"\xff"}', "request-encoding"),
    (b'{"a":"\xed\xa0\x80"}', "request-encoding"),
    ('{"a":1}'.encode("utf-16"), "request-encoding"),
    (b'{"a":NaN}', "request-number"),
    (b'{"a":-Infinity}', "request-number"),
    (b'{"a":1e400}', "request-number"),
    (b'{"a":9223372036854775808}', "request-number"),
    (b'{"a":-9223372036854775809}', "request-number"),
    (b'{"a":' + b"9" * 5000 + b"}", "request-number"),
    (b'{"a":1,"a":1}', "request-duplicate"),
    (b'{"a":1,"a":":"}', "request-duplicate"),
    (b'{"a":1,"\\u0061":1}', "request-duplicate"),
    (b'{"a":"\\u003a","b":1,"b":2}', "request-duplicate"),
    (b'[{"a":1},{"a":1,"a":2}]', "request-duplicate"),
    (b'{"a":[1],"a":[2]}', "request-duplicate"),
    (b'{"a":"\\ud800"}', "request-text"),
    (b'{"\\udc00":1}', "request-text"),
    ('{"a\u202eb":1}'.encode(), "request-name"),
    (b'{"a\\u202eb":1}', "request-name"),
    (b'{"a\\u0000":1}', "request-name"),
    (b'{"a\x7f":1}', "request-name"),
    (b'[{"a":1},{"a\\n":1}]', "request-name"),
    (b"[" * 100_000, "request-depth"),
    (b'{"a":' * 40 + b"1" + b"}" * 40, "request-depth"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, "request-depth"),
    (b'{"a":' * 32 + b"1" + b"}" * 32, "request-shape"),
    (b'{"a":{"b":1}}', "request-shape"),
    (b'{"a":[[1]]}', "request-shape"),
    (b'[{"a":[1]}]', "request-shape"),
    (b"[1]", "request-shape"),
    (b'"a"', "request-shape"),
    (b"null", "request-shape"),
    (b'{"a":[1],"b":1}', "request-shape"),
    (b"[]", "request-empty"),
    (b'{"a":[]}', "request-empty"),
    (b'{"a":[1],"b":[1,2]}', "request-ragged"),
    (b'{"a":[' + b"1," * requests.MOST_ROWS + b"1]}", "request-rows"),
]


@pytest.mark.parametrize(("body", "code"), REFUSED, ids=lambda v: str(v[:24]))
def test_what_is_not_plain_rows_is_refused_by_its_code(body: bytes, code: str) -> None:
    with pytest.raises(DataError) as caught:
        read(body)

    assert caught.value.code == code
    assert len(caught.value.message) < 300
    assert caught.value.message.encode()
    assert caught.value.fix


def test_of_twenty_thousand_names_the_one_that_stands_twice_is_found_at_once() -> None:
    names = [f"c{number}" for number in range(20_000)]
    body = "{" + ",".join(f'"{name}":1' for name in [*names, names[-1]]) + "}"

    start = process_time()
    with pytest.raises(DataError, match="c19999"):
        read(body.encode())

    assert process_time() - start < 1.0


@given(
    st.binary(max_size=40) | st.text(alphabet='{}[]":,\\u0a1e.-ntf ', max_size=30).map(str.encode)
)
def test_no_body_is_beyond_the_coded_errors(body: bytes) -> None:
    try:
        rows = rows_of(body)
    except DataError:
        return

    for row in rows:
        for value in row.values():
            assert value is None or isinstance(value, bool | int | float | str)
            assert not isinstance(value, float) or math.isfinite(value)
