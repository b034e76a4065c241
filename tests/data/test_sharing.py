"""A snapshot that shares fragments with an earlier one is the same data as one that shares none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.conftest import Shelf

from mlwright.data.places import find_row, rows_at
from mlwright.data.records import Snapshot
from mlwright.data.reread import reread
from mlwright.data.snapshot import build
from mlwright.data.table import ids_of, read, unordered
from mlwright.store.memory import MemoryStore

Row = tuple[int, str | None]
STEP = st.tuples(
    st.sampled_from(["add", "change", "remove"]),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.none() | st.sampled_from("ab"))),
)


def frame_of(rows: dict[int, Row], key: bool, repeat: bool) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "id": list(rows),
            "x": [x for x, _ in rows.values()],
            "y": pl.Series([y for _, y in rows.values()], dtype=pl.String),
        }
    )
    # Without its key a row may stand in the table several times.
    return frame if key else frame.drop("id") if repeat else frame


def after(rows: dict[int, Row], what: str, about: list[tuple[int, int, str | None]]) -> None:
    for number, x, y in about:
        if what == "remove":
            if len(rows) > 2:
                rows.pop(number, None)
        elif (number in rows) == (what == "change"):
            rows[number] = (x, y)


@contextmanager
def small_fragments() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("snapshot", "sharing", "identity"):
            patch.setattr(f"mlwright.data.{module}.FRAGMENT_ROWS", 4)
        patch.setattr("mlwright.data.sharing.MOST_SMALL", 3)
        yield


@settings(max_examples=20)
@given(st.lists(STEP, min_size=1, max_size=6), st.booleans(), st.booleans(), st.randoms())
def test_any_history_of_a_table_gives_the_id_its_rows_have_when_read_fresh(
    steps, key: bool, repeat: bool, random
) -> None:
    with small_fragments():
        rows: dict[int, Row] = {number: (number % 3, None) for number in range(9)}
        store = MemoryStore()
        name = "id" if key else None
        snapshot = build(frame_of(rows, key, repeat), key=name, store=store)
        versions = [(snapshot, snapshot.id)]

        for what, about in steps:
            after(rows, what, about)
            order = random.sample(list(rows), len(rows))
            frame = frame_of({number: rows[number] for number in order}, key, repeat)
            parent = random.choice(versions)[0]
            snapshot = build(frame, key=name, store=store, parent=parent)
            fresh = build(frame, key=name, store=MemoryStore())
            versions.append((snapshot, fresh.id))

        for each, expected in versions:
            assert each.id == expected
            assert reread(each, store) == (each.id, each.digest)
            assert sum(fragment.rows for fragment in each.fragments) == each.rows
            table = read(each, store)
            assert table.row_ids.n_unique() == each.rows
            ids, frame = ids_of(each, store), unordered(each, store)
            for place in (0, each.rows - 1):
                found = find_row(ids[place], each, store)
                assert found is not None
                assert found[0] == place
            assert rows_at([0], frame, each, store).row_ids[0] == ids[0]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=14), st.data())
def test_rows_keep_their_ids_through_a_repair_and_lose_it_when_it_is_undone(
    values: list[int], data: st.DataObject
) -> None:
    with small_fragments():
        store = MemoryStore()
        raw = build(pl.DataFrame({"x": values}), key=None, store=store)
        before, ids = unordered(raw, store), ids_of(raw, store)
        mended = before.with_columns(pl.Series("x", data.draw(st.permutations(values))))

        repaired = build(mended, key=None, store=store, row_ids=ids, parent=raw)
        undone = build(before, key=None, store=store, row_ids=ids, parent=repaired)
        again = build(before, key=None, store=store, parent=repaired)

        fresh = build(mended, key=None, store=MemoryStore(), row_ids=ids)
        assert repaired.id == fresh.id
        assert set(ids_of(repaired, store)) == set(ids)
        assert reread(repaired, store) == (repaired.id, repaired.digest)
        for each in (undone, again):
            assert each.id == raw.id
            assert set(ids_of(each, store)) == set(ids)
            assert reread(each, store) == (raw.id, raw.digest)


def changed(frame: pl.DataFrame, every: int) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(pl.int_range(pl.len()) % every == 0).then(pl.col("x") + 1).otherwise(pl.col("x"))
    )


TABLE = pl.DataFrame(
    {"id": np.arange(5_000), "x": np.arange(5_000) * 7 % 101, "t": np.arange(5_000).astype(str)}
)


def size(snapshot: Snapshot, shelf: Shelf) -> int:
    objects = {name for each in snapshot.fragments for name in each.objects}
    return sum(len(shelf.store.objects[name]) for name in objects)


def test_a_delivery_with_one_percent_of_rows_changed_writes_that_percent(shelf: Shelf) -> None:
    first = shelf.snapshot(TABLE, "id")
    before = set(shelf.store.objects)

    second = build(changed(TABLE, 100), key="id", store=shelf.store, parent=first)

    added = sum(len(shelf.store.objects[name]) for name in shelf.store.objects.keys() - before)
    assert second.fragments[0].table == first.fragments[0].table
    assert [each.rows for each in second.fragments] == [4_950, 50]
    assert added < 0.04 * size(first, shelf)


def test_a_fragment_that_is_mostly_dead_is_left_behind_and_many_small_ones_become_one(
    shelf: Shelf,
) -> None:
    first = shelf.snapshot(TABLE, "id")
    half = build(TABLE.head(2_499), key="id", store=shelf.store, parent=first)
    assert [each.table for each in half.fragments] != [first.fragments[0].table]
    assert half.fragments[0].deleted is None

    snapshot = first
    most = 0
    for number in range(40):
        later = TABLE.head(5_000 - number).with_columns(pl.col("x") + (pl.col("id") <= number))
        snapshot = build(later, key="id", store=shelf.store, parent=snapshot)
        most = max(most, len(snapshot.fragments))

    assert 10 < most <= 18
    assert snapshot.id == shelf.snapshot(later, "id").id


def test_other_columns_share_nothing(shelf: Shelf) -> None:
    first = shelf.snapshot(TABLE, "id")

    renamed = build(TABLE.rename({"x": "y"}), key="id", store=shelf.store, parent=first)
    as_floats = build(TABLE.cast({"x": pl.Float64}), key="id", store=shelf.store, parent=first)

    for other in (renamed, as_floats):
        assert other.fragments[0].table != first.fragments[0].table
        assert unordered(other, shelf.store).columns == [c.name for c in other.columns]
        assert reread(other, shelf.store)[0] == other.id
