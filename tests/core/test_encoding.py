"""Canonical bytes: the same for the same value, different for any other."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.encoding import LATER, canonical_json, digest_of, encode, plain

HUGE = 10**5000
CHARACTERS = st.characters(exclude_categories=[])  # surrogates too
TEXTS = st.text(CHARACTERS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    TEXTS,
    st.binary(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(UTC)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.frozensets(SCALARS, max_size=4),
        st.dictionaries(TEXTS, inner, max_size=4),
    ),
    max_leaves=10,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


class Colour(str, Enum):
    RED = "red"


class Shade(str, Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: object = None


@dataclass(frozen=True, slots=True)
class Place:
    x: int
    y: object = None


@dataclass(frozen=True, slots=True)
class Swapped:
    y: object
    x: int


def _fingerprint(value: Any) -> object:
    """Return a value that compares equal exactly when the canonical bytes should."""
    match value:
        case bool() | None | str() | bytes() | int():
            return type(value).__name__, value
        case float():
            bits = struct.pack(">d", math.nan if math.isnan(value) else value)
            return "float", bits
        case datetime():
            return "datetime", value.isoformat()
        case date():
            return "date", value.isoformat()
        case list() | tuple():
            return "list", tuple(_fingerprint(item) for item in value)
        case frozenset():
            return "set", frozenset(_fingerprint(item) for item in value)
        case dict():
            return "map", frozenset((key, _fingerprint(item)) for key, item in value.items())
    raise AssertionError(value)


@given(VALUES, VALUES)
def test_two_values_have_the_same_bytes_exactly_when_they_are_the_same(a: Any, b: Any) -> None:
    assert (encode(a) == encode(b)) == (_fingerprint(a) == _fingerprint(b))


@given(st.dictionaries(TEXTS, VALUES, max_size=6), st.randoms())
def test_the_order_of_a_mapping_and_of_a_set_does_not_matter(value: Any, random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)

    assert encode(dict(items)) == encode(value)
    assert encode(set(value)) == encode(frozenset(key for key, _ in items))


@pytest.mark.parametrize(
    "different",
    [
        [1, 1.0, True, "1", b"1", Level.LOW, [1], (1, 1), {1}, {1: None}, Point(1), Place(1)],
        [0.0, -0.0, 0, False, "", b"", None, [], {}, set()],
        ["red", Colour.RED, Shade.RED, {"red"}],
        [math.inf, -math.inf, math.nan, "nan", None],
        [1.0, math.nextafter(1.0, 2.0)],
        [HUGE, HUGE + 1, -HUGE],
        [2**53, 2**53 + 1, float(2**53)],
        ["\ud800", "\udc00", "\ufffd", "?"],
        ["é", "e\u0301"],
        [["a", "b"], ["ab"], ["a", ["b"]], [["a"], "b"]],
        [{"a": "b"}, ["a", "b"], {"b": "a"}, [["a", "b"]]],
        [date(2026, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01"],
        [
            datetime(2026, 1, 1, 12, tzinfo=UTC),
            datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        ],
        [Point(1, Point(2)), Point(1, Place(2)), Point(1, (2, None)), Point(1, {"x": 2})],
    ],
)
def test_values_that_differ_in_type_or_in_the_last_bit_have_different_bytes(
    different: list[object],
) -> None:
    encoded = [encode(value) for value in different]

    assert len(set(encoded)) == len(different)


def test_a_list_and_a_tuple_are_the_same() -> None:
    assert encode([1, (2,)]) == encode((1, [2]))


def test_every_nan_is_the_same() -> None:
    (other,) = struct.unpack(">d", bytes.fromhex("fff8000000000001"))

    assert encode(other) == encode(math.nan)


def test_the_order_of_a_records_fields_does_not_matter_but_its_name_does() -> None:
    turned = make_dataclass("Point", [("y", object), ("x", int)])

    assert encode(turned(None, 1)) == encode(Point(1))
    assert encode(Swapped(None, 1)) != encode(Point(1))


@pytest.mark.parametrize(
    "value", [object(), 1j, len, Point, iter([]), {1: [object()]}, timedelta(1)]
)
def test_what_has_no_canonical_form_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical encoding"):
        encode(value)


def test_a_digest_depends_on_its_tag() -> None:
    assert digest_of(1, tag="a") != digest_of(1, tag="b")
    assert digest_of("b", tag="a") != digest_of("", tag="ab")


@given(JSON)
def test_canonical_json_is_read_back_and_written_the_same(value: Any) -> None:
    raw = canonical_json(value)

    assert canonical_json(json.loads(raw)) == raw
    assert _fingerprint(json.loads(raw)) == _fingerprint(value)


@given(st.text(CHARACTERS))
def test_any_text_comes_back_from_canonical_json_or_is_refused(text: str) -> None:
    try:
        raw = canonical_json({text: text})
    except ValueError:
        assert text != text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return

    raw.decode("utf-8")
    assert json.loads(raw) == {text: text}


def test_a_lone_surrogate_is_written_as_its_escape() -> None:
    assert canonical_json("é\udcff") == '"é\\udcff"'.encode()


def test_a_character_split_into_two_surrogates_is_refused() -> None:
    with pytest.raises(ValueError, match="two surrogates"):
        canonical_json("\ud83d\ude00")


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf], {"a": math.nan}, [HUGE]])
def test_canonical_json_refuses_numbers_that_would_not_come_back(value: object) -> None:
    with pytest.raises(ValueError, match=r"Out of range|Exceeds the limit"):
        canonical_json(value)


@pytest.mark.parametrize(
    "value", [{1: 2}, {None: 1}, [{"a": ({True: 1},)}], {1.5: 1}, {"1": 1, 1: 2}]
)
def test_canonical_json_refuses_keys_that_are_no_text(value: object) -> None:
    with pytest.raises(TypeError, match="text keys"):
        canonical_json(value)


def test_canonical_json_keeps_the_sign_of_zero_and_tells_one_from_one_point_zero() -> None:
    assert canonical_json([-0.0, 0.0, 1, 1.0, 1e100]) == b"[-0.0,0.0,1,1.0,1e+100]"


def test_plain_turns_records_into_objects_and_what_json_cannot_write_into_null() -> None:
    value = Point(1, (math.nan, Colour.RED, Level.LOW, b"\x00\xff", date(2026, 1, 2), {3, 1}))

    assert plain(value) == {"x": 1, "y": [None, "red", 1, "00ff", "2026-01-02", [1, 3]]}


def test_plain_refuses_two_keys_that_become_one() -> None:
    with pytest.raises(TypeError, match="two keys"):
        plain({1: "a", "1": "b"})


@given(VALUES)
def test_plain_gives_what_json_can_write(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_a_field_gained_later_is_no_part_of_a_digest_at_its_default() -> None:
    before = make_dataclass("Gained", [("a", int)], frozen=True)
    after = make_dataclass(
        "Gained", [("a", int), ("b", tuple, field(default=(), metadata=LATER))], frozen=True
    )

    assert encode(after(1)) == encode(before(1))
    assert encode(after(1, (2,))) != encode(before(1))
