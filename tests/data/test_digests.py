from __future__ import annotations

import math
import struct
from datetime import date, datetime
from hashlib import sha256

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import from_raw
from mlwright.core.encoding import encode
from mlwright.data.digests import columns_of, hexadecimal, row_digests
from mlwright.data.identity import table_digest
from mlwright.data.rows import row_ids

SCHEMA = {
    "i": pl.Int64, "f": pl.Float64, "b": pl.Boolean,
    "s": pl.String, "d": pl.Date, "t": pl.Datetime("us"),
}  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    st.none() | st.floats(),
    st.none() | st.booleans(),
    st.none() | TEXT,
    st.none() | st.dates(),
    st.none() | st.datetimes(),
)


def plain_digest(row: tuple[object, ...]) -> bytes:
    """The same digest, written for people: one value after the other."""
    text = b"mlwright row 1\0"
    for value, kind in zip(row, SCHEMA.values(), strict=True):
        if value is None:
            size = {pl.Boolean: 1, pl.String: 32}.get(kind, 8)  # type: ignore[call-overload]
            text += b"\0" * (1 + size)
        elif isinstance(value, bool):
            text += b"B" + bytes([value])
        elif isinstance(value, int):
            exact = int(float(value)) == value
            text += b"N" + struct.pack(">d", value) if exact else b"I" + struct.pack(">q", value)
        elif isinstance(value, float):
            text += b"N" + struct.pack(">d", math.nan if math.isnan(value) else value)
        elif isinstance(value, str):
            text += b"S" + sha256(value.encode()).digest()
        elif isinstance(value, datetime):
            since = value - datetime(1970, 1, 1)
            micro = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
            text += b"T" + struct.pack(">q", micro)
        elif isinstance(value, date):
            text += b"D" + struct.pack(">q", (value - date(1970, 1, 1)).days)
    return sha256(text).digest()


def frame_of(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@given(st.lists(ROW, max_size=8))
def test_row_digests_are_those_of_one_value_after_the_other(
    rows: list[tuple[object, ...]],
) -> None:
    assert row_digests(frame_of(rows)) == b"".join(map(plain_digest, rows))


@given(st.lists(st.tuples(TEXT, ROW), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_a_table_digest_is_over_schema_and_sorted_lines_of_id_and_digest(
    pairs: list[tuple[str, tuple[object, ...]]],
) -> None:
    frame = frame_of([row for _, row in pairs])
    ids = pl.Series([name for name, _ in pairs], dtype=pl.String)

    found = table_digest(columns_of(frame), ids, row_digests(frame))

    text = b"mlwright data 1\0" + encode(columns_of(frame))
    for line in sorted(
        f"{name}:{plain_digest(row).hex()}:{len(name.encode())}".encode() for name, row in pairs
    ):
        text += line + b"\n"
    assert found == from_raw(sha256(text).digest())


@given(st.lists(ROW, max_size=6).flatmap(lambda r: st.tuples(st.just(r), st.permutations(r))))
def test_the_order_of_rows_does_not_change_a_tables_digest(
    orders: tuple[list[tuple[object, ...]], list[tuple[object, ...]]],
) -> None:
    found = set()
    for rows in orders:
        frame = frame_of(rows)
        digests = row_digests(frame)
        ids = row_ids(frame, None, hexadecimal(digests))
        found |= {table_digest(columns_of(frame), each, digests) for each in (ids, None)}

    assert len(found) == 1


@given(st.lists(ROW, min_size=1, max_size=5, unique_by=repr), st.data())
def test_any_other_value_changes_the_digest_of_its_row(
    rows: list[tuple[object, ...]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(SCHEMA) - 1))
    other = data.draw(ROW)
    first = rows[0]
    changed = (*first[:place], other[place], *first[place + 1 :])

    same = row_digests(frame_of([first])) == row_digests(frame_of([changed]))

    assert same == (repr(first) == repr(changed))


def test_minus_zero_differs_from_zero_and_every_nan_is_one() -> None:
    odd = np.frombuffer(struct.pack("<Q", 0x7FF0_0000_0000_0001), np.float64)
    values = pl.DataFrame({"x": [0.0, -0.0, math.nan, -math.nan, *odd, None]})

    digests = row_digests(values)

    each = [digests[i : i + 32] for i in range(0, len(digests), 32)]
    assert len(set(each)) == 4
    assert each[2] == each[3] == each[4]


@given(st.lists(st.none() | st.integers(-(2**53), 2**53)))
def test_a_column_of_integers_that_becomes_decimals_keeps_its_row_digests(
    values: list[int | None],
) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Int64})

    assert row_digests(frame) == row_digests(frame.cast(pl.Float64))
    assert columns_of(frame) != columns_of(frame.cast(pl.Float64))


def test_fragments_and_chunks_do_not_change_digests() -> None:
    frame = pl.DataFrame({"x": range(300), "s": [f"v{i % 7}" for i in range(300)]})
    pieces = pl.concat([frame[:100], frame[100:250], frame[250:]], rechunk=False)

    one_by_one = b"".join(row_digests(frame[i : i + 1]) for i in range(300))

    assert row_digests(frame) == row_digests(pieces) == one_by_one
