from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.data.conftest import Shelf

from mlwright.core.errors import BrokenError, DataError
from mlwright.core.records import dump, load
from mlwright.data.digests import DTYPES
from mlwright.data.fragments import pack
from mlwright.data.places import find_row
from mlwright.data.records import Kind, Snapshot
from mlwright.data.reread import reread
from mlwright.data.snapshot import build
from mlwright.data.table import ids_of, read
from mlwright.store.memory import MemoryStore

PEOPLE = pl.DataFrame({"id": [3, 1, 2], "name": ["c", "a", None], "age": [40.5, math.inf, -0.0]})

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "f": st.none() | st.floats(allow_nan=False),
            "b": st.none() | st.booleans(),
            "s": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
            "d": st.none() | st.dates(),
            "t": st.none() | st.datetimes(),
        }
    ),
    min_size=2,
    max_size=8,
)
SCHEMA = dict(zip("ifbsdt", [DTYPES[k] for k in (
    Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.STRING, Kind.DATE, Kind.DATETIME,
)], strict=True))  # fmt: skip


@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_id_depends_on_the_rows_alone_and_they_come_back_in_one_order(
    monkeypatch_session: pytest.MonkeyPatch, rows: list[dict[str, object]], random, size: int
) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    shuffled = pl.DataFrame(random.sample(rows, len(rows)), schema=SCHEMA)
    store = MemoryStore()

    first = build(frame, key=None, store=store)
    monkeypatch_session.setattr("mlwright.data.snapshot.FRAGMENT_ROWS", size)
    second = build(shuffled, key=None, store=store)
    monkeypatch_session.undo()

    assert first.id == second.id
    assert len(second.fragments) == math.ceil(len(rows) / size)
    tables = [read(each, store) for each in (first, second)]
    assert_frame_equal(tables[0].frame, tables[1].frame)
    assert tables[0].row_ids.to_list() == tables[1].row_ids.to_list()
    assert tables[0].row_ids.is_sorted()
    assert tables[0].row_ids.n_unique() == len(rows)
    assert_frame_equal(tables[0].frame, frame, check_row_order=False)
    assert [reread(each, store) for each in (first, second)] == 2 * [(first.id, first.digest)]


@pytest.fixture(scope="module")
def monkeypatch_session() -> pytest.MonkeyPatch:
    return pytest.MonkeyPatch()


def test_a_known_id_returns_the_first_manifest_and_writes_nothing(shelf: Shelf) -> None:
    first = shelf.snapshot(PEOPLE, key="id")
    before = dict(shelf.store.objects)

    again = build(
        PEOPLE.reverse(), key="id", store=shelf.store, known={first.id: first}.get, readings=()
    )

    assert again is first
    assert shelf.store.objects == before


def test_a_manifest_survives_its_own_bytes(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE)

    assert load(Snapshot, dump(snapshot)) == snapshot


@pytest.mark.parametrize(
    "changed",
    [
        PEOPLE.rename({"name": "nom"}),
        PEOPLE.select("id", "age", "name"),
        PEOPLE.with_columns(pl.col("id").cast(pl.Float64)),
        PEOPLE.with_columns(pl.Series("age", [40.5, math.inf, 0.0])),
        PEOPLE.head(2),
        pl.concat([PEOPLE, PEOPLE.head(1)]),
    ],
)
def test_another_name_order_of_columns_kind_value_or_row_is_other_data(
    changed: pl.DataFrame, shelf: Shelf
) -> None:
    assert shelf.snapshot(changed).id != shelf.snapshot(PEOPLE).id


def test_a_key_names_rows_and_is_part_of_what_the_data_is(shelf: Shelf) -> None:
    keyed, bare = shelf.snapshot(PEOPLE, key="id"), shelf.snapshot(PEOPLE)

    assert read(keyed, shelf.store).row_ids.to_list() == ["1", "2", "3"]
    assert keyed.id != bare.id


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([-5, 2**63 - 1], ["-5", "9223372036854775807"]),
        (["b", ""], ["", "b"]),
        ([date(9, 1, 2), date(2020, 1, 2)], ["0009-01-02", "2020-01-02"]),
        (
            [datetime(2020, 1, 2), datetime(2020, 1, 2, 3, 4, 5, 6)],
            ["2020-01-02T00:00:00.000000", "2020-01-02T03:04:05.000006"],
        ),
    ],
)
def test_a_keys_value_is_the_rows_id_as_text(
    values: list[object], ids: list[str], shelf: Shelf
) -> None:
    snapshot = shelf.snapshot(pl.DataFrame({"k": values}), key="k")

    assert read(snapshot, shelf.store).row_ids.to_list() == ids


def test_equal_rows_without_a_key_are_numbered(shelf: Shelf) -> None:
    frame = pl.DataFrame({"x": [1, 2, 1, 1], "y": ["a", "b", "a", "a"]})

    ids = read(shelf.snapshot(frame), shelf.store).row_ids.to_list()

    first = min(ids, key=len) if ids[0][:32] != ids[-1][:32] else ids[0]
    assert len({each[:32] for each in ids}) == 2
    assert sorted(each[32:] for each in ids) == ["", "", "-1", "-2"]
    assert len(first) == 32


def test_rows_are_read_by_time_and_then_by_id(shelf: Shelf) -> None:
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "t": [date(2020, 1, d) for d in (2, 1, 2, 1)]})
    snapshot = shelf.snapshot(frame, key="id")

    table = read(snapshot, shelf.store, order_by="t", columns=["t"])

    assert table.row_ids.to_list() == ["2", "4", "1", "3"]
    assert table.frame.columns == ["t"]


@pytest.mark.parametrize(
    ("key", "values", "code"),
    [
        ("id", [1, 2, 1], "key-duplicate"),
        ("id", [1, None, 2], "key-missing-value"),
        ("id", [1.5, 2.5, 3.5], "key-kind"),
        ("idd", [1, 2, 3], "column-unknown"),
    ],
)
def test_a_key_that_does_not_name_every_row_once_is_refused(
    key: str, values: list[object], code: str, shelf: Shelf
) -> None:
    with pytest.raises(DataError) as caught:
        shelf.snapshot(pl.DataFrame({"id": values}), key=key)

    assert caught.value.code == code
    if code == "key-duplicate":
        assert caught.value.facts["rows"] == [1, 3]
    if code == "key-missing-value":
        assert caught.value.facts["rows"] == [2]
    if code == "column-unknown":
        assert caught.value.facts["nearest"] == "id"


@pytest.mark.parametrize(("rows", "code"), [(0, "data-no-rows"), (1, "data-one-row")])
def test_too_few_rows_are_refused(rows: int, code: str, shelf: Shelf) -> None:
    with pytest.raises(DataError) as caught:
        shelf.snapshot(PEOPLE.head(rows))

    assert caught.value.code == code


NOON = datetime(2020, 7, 1, 12)


@pytest.mark.parametrize(
    ("series", "kind", "values", "told"),
    [
        (pl.Series([1, None], dtype=pl.Int8), Kind.INTEGER, [1, None], []),
        (pl.Series([2**63 - 1, 0], dtype=pl.UInt64), Kind.INTEGER, [2**63 - 1, 0], []),
        (
            pl.Series([0.1, 0.5], dtype=pl.Float32),
            Kind.FLOAT,
            [0.10000000149011612, 0.5],
            ["float"],
        ),
        (pl.Series([Decimal("1.10"), None]), Kind.FLOAT, [1.1, None], ["decimal"]),
        (pl.Series([Decimal("11"), None]), Kind.INTEGER, [11, None], []),
        (pl.Series(["a", "b"], dtype=pl.Categorical), Kind.STRING, ["a", "b"], ["categories"]),
        (pl.Series(["a", None], dtype=pl.Enum(["a"])), Kind.STRING, ["a", None], ["categories"]),
        (pl.Series([None, None]), Kind.STRING, [None, None], ["missing"]),
        (pl.Series([math.nan, 1.0]), Kind.FLOAT, [None, 1.0], ["NaN"]),
        (pl.Series([math.inf, 1.0]), Kind.FLOAT, [math.inf, 1.0], ["infinite"]),
        (pl.Series([NOON, None], dtype=pl.Datetime("ms")), Kind.DATETIME, [NOON, None], []),
        (pl.Series([NOON, None], dtype=pl.Datetime("ns")), Kind.DATETIME, [NOON, None], []),
        (pl.Series([NOON.replace(tzinfo=UTC)]), Kind.DATETIME, [NOON], []),
        (
            pl.Series([NOON, None]).dt.replace_time_zone("Europe/Paris"),
            Kind.DATETIME,
            [NOON - timedelta(hours=2), None],
            ["UTC"],
        ),
    ],
)
def test_every_type_becomes_a_kind_and_what_changes_its_look_is_told(
    series: pl.Series, kind: Kind, values: list[object], told: list[str], shelf: Shelf
) -> None:
    frame = pl.DataFrame({"x": pl.concat([series, series])})

    snapshot = shelf.snapshot(frame)

    assert snapshot.columns[0].kind is kind
    assert sorted(map(str, read(snapshot, shelf.store).frame["x"])) == sorted(map(str, 2 * values))
    words = " ".join(reading.what.lower() for reading in snapshot.readings)
    assert len(snapshot.readings) == len(told)
    assert all(word.lower() in words for word in told)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([[1], [2]]),
        pl.Series([{"a": 1}, {"a": 2}]),
        pl.Series([b"x", b"y"]),
        pl.Series([time(1), time(2)]),
        pl.Series([timedelta(1), timedelta(2)]),
        pl.Series([2**63, 1], dtype=pl.UInt64),
        pl.Series([2**100, 1], dtype=pl.Int128),
        pl.Series([1, 2]).cast(pl.Datetime("ns")),
    ],
)
def test_a_type_that_would_lose_something_is_refused_by_name(
    series: pl.Series, shelf: Shelf
) -> None:
    with pytest.raises(DataError) as caught:
        shelf.snapshot(pl.DataFrame({"odd one": series}))

    assert caught.value.code == "type-unsupported"
    assert "odd one" in caught.value.message
    assert str(series.dtype) in caught.value.message


def test_a_changed_fragment_is_another_id_when_it_is_read_again(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE)
    other = shelf.snapshot(PEOPLE.with_columns(pl.col("id") + 1))
    forged = Snapshot(snapshot.id, snapshot.digest, snapshot.columns, 3, None, other.fragments, ())

    assert reread(forged, shelf.store)[0] == other.id != forged.id


def test_a_corrupt_fragment_is_never_read(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE)
    digest = snapshot.fragments[0].table
    content = shelf.store.objects[digest]
    shelf.store.objects[digest] = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]

    with pytest.raises(BrokenError) as caught:
        read(snapshot, shelf.store)

    assert caught.value.code == "object-corrupt"


def test_a_manifest_of_before_bitmaps_and_kept_ids_loads(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE)
    written = dump(snapshot).replace(b'"deleted":null,', b"").replace(b'"row_ids":null,', b"")

    assert b"row_ids" not in written
    assert load(Snapshot, written) == snapshot


def test_rows_marked_gone_are_gone_from_every_way_of_reading(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE, key="id")
    (fragment,) = snapshot.fragments
    gone = shelf.store.put(pack(np.array([False, False, True])))
    rest = replace(snapshot, rows=2, fragments=(replace(fragment, rows=2, deleted=gone),))
    fresh = shelf.snapshot(PEOPLE.filter(pl.col("id") != 2), key="id")

    assert reread(rest, shelf.store) == (fresh.id, fresh.digest)
    assert read(rest, shelf.store).row_ids.to_list() == ["1", "3"]
    assert find_row("2", rest, shelf.store) is None
    assert find_row("1", rest, shelf.store) == (1, "key")


def test_kept_ids_name_rows_whatever_became_of_their_content(shelf: Shelf) -> None:
    frame = pl.DataFrame({"x": [1, 2, 2]})
    first = shelf.snapshot(frame)
    ids = ids_of(first, shelf.store)
    repaired = build(
        frame.with_columns(pl.Series("x", [5, 2, 2])), key=None, store=shelf.store, row_ids=ids
    )

    assert repaired.id != first.id
    assert set(read(repaired, shelf.store).row_ids) == set(ids)
    assert find_row(ids[0], repaired, shelf.store) == (0, "content")
    assert reread(repaired, shelf.store) == (repaired.id, repaired.digest)
    assert build(frame, key=None, store=shelf.store, row_ids=ids).id == first.id


def test_a_bitmap_that_does_not_fit_its_fragment_is_named(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(PEOPLE)
    (fragment,) = snapshot.fragments
    gone = shelf.store.put(pack(np.array([True, True, False])))
    broken = replace(snapshot, fragments=(replace(fragment, rows=2, deleted=gone),))

    with pytest.raises(BrokenError) as caught:
        read(broken, shelf.store)

    assert caught.value.code == "fragment-broken"
