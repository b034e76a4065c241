"""What passes from step to step comes back equal, and equal values have equal bytes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.records import dump
from mlwright.data.records import Column, Kind, Snapshot
from mlwright.run.artefacts import decode, encode, pack, unpack


class Color(Enum):
    RED = "red"


@dataclass(frozen=True)
class Fold:
    X: Any
    names: tuple[str, ...]
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    digest: Digest
    note: str


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.complex_numbers()
    | st.decimals(allow_nan=False)
    | st.just(Color.RED)
)
hashable = st.none() | st.booleans() | st.integers() | st.text() | st.dates()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.frozensets(hashable, max_size=4)
        | st.builds(Fold, inner, st.just(("a",)), st.dictionaries(st.text(), inner, max_size=2))
    ),
    max_leaves=12,
)


@given(values)
def test_reading_back_gives_the_same_types_and_the_same_bytes(value: object) -> None:
    raw = encode(value)
    artefact = pack(value)

    assert encode(unpack(artefact.kind, artefact.raw)) == raw
    assert same(unpack(artefact.kind, raw), value)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, complex):
        return repr(a) == repr(b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, Fold):  # What is annotated as anything may come back a tuple for a list.
        return encode(a) == encode(b)
    return bool(a == b)


@given(st.dictionaries(st.text(), st.integers()), st.randoms())
def test_the_order_of_a_mapping_does_not_matter(value: dict[str, int], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)

    assert encode(dict(items)) == encode(value)
    assert encode({1: dict(items)}) == encode({1: value})


def test_a_record_is_its_canonical_json() -> None:
    snapshot = Snapshot("d_a", digest_bytes(b""), (Column("a", Kind.FLOAT),), 1, None, (), ())

    assert encode(snapshot) == dump(snapshot)
    assert decode(encode(snapshot), Snapshot) == snapshot
    assert pack(snapshot).kind == "mlwright.data.records:Snapshot"


def test_a_record_with_a_digest_of_its_own_is_known_by_it() -> None:
    own = digest_bytes(b"content")

    one, other = pack(Named(own, "one")), pack(Named(own, "other"))

    assert one.content == other.content == own
    assert one.digest != other.digest


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.arange(6.0).reshape(2, 3).T,
    np.arange(10)[::2],
    np.array(["a", "bc"]),
    np.array([1, "x", None, (1, 2)], dtype=object),
    np.array(3.0),
    np.zeros((0, 3), dtype=np.int8),
    np.array(["2026-01-01", "NaT"], dtype="M8[s]"),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.float32(2),
    np.arange(3, dtype=">i4"),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_an_array_comes_back(array: Any) -> None:
    back: Any = decode(encode(array))

    np.testing.assert_array_equal(back, array)
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert encode(back) == encode(array)


def test_an_array_can_be_changed_by_the_step_that_takes_it() -> None:
    back: Any = decode(encode({"a": np.zeros(2), "b": (1,)}))

    back["a"][0] = 1.0

    assert back["a"].tolist() == [1.0, 0.0]


def test_one_nan_is_like_another() -> None:
    other = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype=np.uint64).view(np.float64)

    assert encode(other) == encode(np.array([math.nan, math.nan]))
    assert encode(np.array([-0.0])) != encode(np.array([0.0]))


def frame() -> pl.DataFrame:
    day, time = dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 2, 3)
    return pl.DataFrame(
        {
            "integer": [1, None, 3],
            "text": ["x", None, "é\x00"],
            "plain": ["", "a\nb", "c"],
            "boolean": [True, None, False],
            "float": [1.5, math.nan, None],
            "date": [day, None, None],
            "datetime": [time, None, None],
            "list": [[1, 2], None, []],
            "nested": [[["a"], []], None, [None]],
            "struct": [{"a": 1, "b": "x"}, {"a": None, "b": None}, None],
            "null": [None, None, None],
            "binary": [b"a\x00", None, b""],
            "time": [dt.time(1, 2), None, None],
            "duration": [dt.timedelta(1), None, dt.timedelta(0, 1)],
        }
    ).with_columns(
        pl.col("plain").cast(pl.Categorical).alias("category"),
        pl.Series("enum", ["p", None, "q"], dtype=pl.Enum(["q", "p"])),
        pl.Series("decimal", [Decimal("1.20"), None, Decimal(3)], dtype=pl.Decimal(10, 2)),
        pl.Series("wide", [2**100, None, 1], dtype=pl.Int128),
        pl.Series("array", [[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int32, 2)),
        pl.Series("small", [1, 2, 3], dtype=pl.UInt8),
        pl.col("datetime").dt.replace_time_zone("Europe/Berlin").alias("zoned"),
    )


@pytest.mark.parametrize(
    "table",
    [frame(), frame().head(0), frame()[1:2], pl.DataFrame(), frame().select([])],
    ids=["all", "empty", "nulls", "nothing", "rows"],
)
def test_a_frame_comes_back(table: pl.DataFrame) -> None:
    back: Any = decode(encode(table))

    assert_frame_equal(back, table)
    assert back.shape == table.shape
    assert encode(back) == encode(table)


def test_how_a_frame_lies_in_memory_does_not_matter() -> None:
    table = frame()
    pieces = pl.concat([table[:1], table[1:]], rechunk=False)
    other = table.with_columns(pl.when(pl.col("integer") > 0).then("integer").alias("integer"))

    assert encode(pieces) == encode(table) == encode(other)


def test_a_series_comes_back_with_its_name() -> None:
    back: Any = decode(encode(frame()["text"]))

    assert back.name == "text"
    assert back.equals(frame()["text"])


def test_a_record_that_holds_a_frame_comes_back() -> None:
    fold = Fold(frame(), ("a",), {"weight": np.ones(2)})

    back: Any = decode(encode(fold), Fold)

    assert_frame_equal(back.X, fold.X)
    assert back.more["weight"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 1, {"a": [open]}, pl.LazyFrame(), np.ma.array([1]), pl.Series([object()])],
    ids=["object", "function", "builtin inside", "lazy frame", "masked array", "objects"],
)
def test_what_has_no_canonical_bytes_is_refused(value: object) -> None:
    with pytest.raises(UsageError) as caught:
        encode(value)

    assert caught.value.code == "artefact-type"


def test_a_record_whose_class_has_moved_is_found_by_its_hint() -> None:
    raw = encode(Fold(np.ones(1), (), {})).replace(__name__.encode(), b"gone.elsewhere")

    assert isinstance(decode(raw, Fold), Fold)
    with pytest.raises(BrokenError) as caught:
        decode(raw)
    assert caught.value.code == "artefact-class-missing"


def test_a_stored_value_calls_nothing_that_is_no_enumeration() -> None:
    class Kind(Enum):
        ONE = "one"

    raw = encode((Kind.ONE,))
    name = f"{Kind.__module__}:{Kind.__qualname__}".encode()
    forged = raw.replace(name, b"os:system")

    with pytest.raises(BrokenError, match="os:system, which is none"):
        decode(forged)
