"""Records come back from their bytes as they were, or are refused."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.encoding import ABSENT
from mlwright.core.records import dump, from_json, load, to_json

Scalar = bool | int | float | str


class Kind(str, Enum):
    INTEGER = "integer"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    kind: Kind
    value: Scalar | None


@dataclass(frozen=True, slots=True)
class Branch:
    leaf: Leaf
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Everything:
    truth: bool
    count: int
    share: float
    text: str
    raw: bytes
    digest: Digest
    day: date
    moment: datetime
    method: Literal["hash", "time"]
    maybe: Leaf | None
    pair: tuple[int, str]
    names: tuple[str, ...]
    chosen: frozenset[str]
    numbers: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    either: Leaf | Branch
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Grown:
    name: str
    added: int = 3
    more: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Twin:
    name: str
    kind: Kind
    value: Scalar | None


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.booleans() | st.integers() | st.floats() | TEXTS
LEAVES = st.builds(Leaf, TEXTS, st.sampled_from(Kind), st.none() | SCALARS)
BRANCHES = st.builds(Branch, LEAVES, st.lists(LEAVES, max_size=3).map(tuple))
KEYS = TEXTS | st.sampled_from(["float", "bytes", "mapping"])
LOOSE = st.recursive(
    st.none() | SCALARS | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
EVERYTHING = st.builds(
    Everything,
    truth=st.booleans(),
    count=st.integers(),
    share=st.floats(),
    text=TEXTS,
    raw=st.binary(max_size=8),
    digest=st.binary().map(digest_bytes),
    day=st.dates(),
    moment=st.datetimes(timezones=st.none() | st.just(UTC)),
    method=st.sampled_from(["hash", "time"]),
    maybe=st.none() | LEAVES,
    pair=st.tuples(st.integers(), TEXTS),
    names=st.lists(TEXTS, max_size=3).map(tuple),
    chosen=st.frozensets(TEXTS, max_size=3),
    numbers=st.dictionaries(KEYS, st.floats(), max_size=3),
    counts=st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), max_size=3), max_size=3),
    either=LEAVES | BRANCHES,
    facts=st.dictionaries(KEYS, LOOSE, max_size=3),
)


def _exact(value: Any) -> object:
    """Return a value that compares equal only for the same types and bits."""
    if isinstance(value, float):
        return struct.pack(">d", math.nan if math.isnan(value) else value)
    if isinstance(value, Mapping):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [type(value), *map(_exact, value)]
    if hasattr(value, "__dataclass_fields__"):
        return type(value), [_exact(getattr(value, name)) for name in value.__dataclass_fields__]
    return type(value), value


@given(EVERYTHING)
def test_a_record_comes_back_with_every_type_and_bit(record: Everything) -> None:
    raw = dump(record)

    restored = load(Everything, raw)

    assert _exact(restored) == _exact(record)
    assert dump(restored) == raw


@given(LOOSE)
def test_a_value_without_a_declared_type_comes_back(value: Any) -> None:
    assert _exact(from_json(object, json.loads(json.dumps(to_json(value))))) == _exact(value)


@given(st.dictionaries(TEXTS, st.integers(), max_size=5), st.randoms())
def test_the_order_of_a_mapping_does_not_matter(mapping: dict[str, int], random: Any) -> None:
    items = list(mapping.items())
    random.shuffle(items)

    assert dump(dict(items)) == dump(mapping)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (math.nan, b'{"float":"nan"}'),
        (-math.inf, b'{"float":"-inf"}'),
        (-0.0, b"-0.0"),
        (5e-324, b"5e-324"),
        (b"\x00\xff", b'{"bytes":"00ff"}'),
        ({"float": "nan"}, b'{"mapping":{"float":"nan"}}'),
        ({"mapping": {"mapping": 1}}, b'{"mapping":{"mapping":{"mapping":{"mapping":1}}}}'),
        ({"float": 1, "other": 2}, b'{"float":1,"other":2}'),
        (frozenset({"b", "a"}), b'["a","b"]'),
        (Kind.TEXT, b'"text"'),
    ],
)
def test_the_written_form_is_the_documented_one(value: object, raw: bytes) -> None:
    assert dump(value) == raw


def test_a_float_of_another_library_is_written_as_a_float() -> None:
    class Foreign(float):
        def __repr__(self) -> str:
            return f"Foreign({float(self)})"

    assert dump([Foreign("nan"), Foreign(1.5)]) == b'[{"float":"nan"},1.5]'


def test_an_integer_stays_an_integer_where_both_numbers_are_allowed() -> None:
    restored = load(Leaf, dump(Leaf("a", Kind.INTEGER, 1)))

    assert type(restored.value) is int
    assert type(load(Leaf, dump(Leaf("a", Kind.INTEGER, 1.0))).value) is float
    assert type(load(Leaf, dump(Leaf("a", Kind.INTEGER, True))).value) is bool
    assert load(Leaf, dump(Leaf("a", Kind.INTEGER, 10**400))).value == 10**400


@dataclass(frozen=True, slots=True)
class Later:
    name: str
    text: tuple[str, ...] | None = field(default=None, metadata=ABSENT)


def test_a_field_that_came_later_is_not_written_at_its_default() -> None:
    assert dump(Later("a")) == b'{"name":"a"}'
    assert load(Later, dump(Later("a"))) == Later("a")
    assert load(Later, dump(Later("a", ()))) == Later("a", ())


def test_an_older_record_takes_the_defaults_of_fields_added_since() -> None:
    assert load(Grown, b'{"name":"a"}') == Grown("a")


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Leaf, b"{}"),
        (Leaf, b"[]"),
        (Leaf, b'{"name":1,"kind":"text","value":null}'),
        (Leaf, b'{"name":"a","kind":"colour","value":null}'),
        (Leaf, b'{"name":"a","kind":"text","value":[]}'),
        (Leaf, b'{"name":"a","kind":"text","value":null,"more":1}'),
        (Branch, b'{"leaf":null,"leaves":[]}'),
        (Branch, b'{"leaf":{},"leaves":{}}'),
        (int, b"true"),
        (int, b"1.0"),
        (float, b"true"),
        (float, b'"1"'),
        (float, b"NaN"),
        (float, b"-Infinity"),
        (float, b'{"float":"1e5"}'),
        (float, b"1" + b"0" * 400),
        (bytes, b'"00"'),
        (bytes, b'{"bytes":"0g"}'),
        (str, b"null"),
        (bool, b"1"),
        (date, b"20260101"),
        (datetime, b'"yesterday"'),
        (Literal["a", 1], b'"b"'),
        (Literal["a", 1], b"true"),
        (tuple[int, str], b"[1]"),
        (tuple[int, ...], b'"12"'),
        (frozenset[str], b'"ab"'),
        (Mapping[str, int], b"[]"),
        (Mapping[str, int], b'{"a":"b"}'),
        (Mapping[str, int], b'{"mapping":1}'),
        (Leaf | None, b'{"name":"a"}'),
        (Leaf | Branch, b'{"leaf":null}'),
        (type(None), b"0"),
        (object, b'{"float":"x"}'),
        (object, b'{"mapping":[]}'),
    ],
)
def test_bytes_that_do_not_fit_the_type_are_refused(kind: Any, raw: bytes) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        load(kind, raw)


@pytest.mark.parametrize(
    "kind",
    [
        str | date,
        str | Kind,
        Leaf | Twin,
        Leaf | Mapping[str, int],
        tuple[int, ...] | frozenset[int],
        date | datetime,
        Digest | str,
    ],
)
def test_a_union_whose_members_look_alike_is_refused_whatever_the_value(kind: Any) -> None:
    with pytest.raises(TypeError, match="alike in JSON"):
        from_json(kind, None)


@pytest.mark.parametrize("value", [object(), 1j, {1: 2}, {"a": object()}, {1, 2}])
def test_what_cannot_be_a_field_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    )
)
def test_no_json_makes_loading_fail_in_an_undocumented_way(value: Any) -> None:
    for kind in (Everything, Branch, Leaf, Grown, Scalar, float, object):
        try:
            from_json(kind, value)
        except (TypeError, ValueError, KeyError):
            continue
