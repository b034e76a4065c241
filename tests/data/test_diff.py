from __future__ import annotations

import math

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.conftest import Shelf

from mlwright.data.diff import compare, diff, rows_apart, take
from mlwright.data.records import Kind, KindChange
from mlwright.data.snapshot import build
from mlwright.data.table import ids_of

KEYED = st.dictionaries(
    st.integers(0, 12), st.tuples(st.integers(0, 2), st.none() | st.sampled_from("ab")), min_size=2
)


def frame_of(rows: dict[int, tuple[int, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": list(rows),
            "x": [x for x, _ in rows.values()],
            "y": pl.Series([y for _, y in rows.values()], dtype=pl.String),
        }
    )


@settings(max_examples=30)
@given(KEYED, KEYED, st.booleans())
def test_a_difference_is_that_of_two_dictionaries(
    old: dict[int, tuple[int, str | None]], new: dict[int, tuple[int, str | None]], shares: bool
) -> None:
    shelf = Shelf()
    first = shelf.snapshot(frame_of(old), "id")
    parent = first if shares else None
    second = build(frame_of(new), key="id", store=shelf.store, parent=parent)

    rows = rows_apart(first, second, shelf.store)
    found = compare(first, second, rows, shelf.store)

    both = old.keys() & new.keys()
    cells = {
        name: count
        for place, name in enumerate("xy")
        if (count := sum(old[i][place] != new[i][place] for i in both))
    }
    assert rows.added.to_list() == sorted(str(i) for i in new.keys() - old.keys())
    assert rows.removed.to_list() == sorted(str(i) for i in old.keys() - new.keys())
    assert rows.changed.to_list() == sorted(str(i) for i in both if old[i] != new[i])
    assert (found.added, found.removed, found.changed) == tuple(
        len(each) for each in (rows.added, rows.removed, rows.changed)
    )
    assert found.cells == cells
    for names, snapshot, places in (
        (rows.changed, first, rows.changed_from),
        (rows.changed, second, rows.changed_to),
        (rows.added, second, rows.added_at),
        (rows.removed, first, rows.removed_at),
    ):
        ids = take(snapshot, ["id"], places, shelf.store)["id"]
        assert ids.cast(pl.String).to_list() == names.to_list()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=2), st.lists(st.integers(0, 3), min_size=2))
def test_rows_without_a_key_are_told_apart_by_how_often_they_stand_there(
    old: list[int], new: list[int]
) -> None:
    shelf = Shelf()
    first = shelf.snapshot(pl.DataFrame({"x": old}))
    second = build(pl.DataFrame({"x": new}), key=None, store=shelf.store, parent=first)

    found = rows_apart(first, second, shelf.store)

    ids = [set(ids_of(each, shelf.store)) for each in (first, second)]
    assert set(found.added) == ids[1] - ids[0]
    assert set(found.removed) == ids[0] - ids[1]
    assert not len(found.changed)


def test_columns_that_come_and_go_change_no_row(shelf: Shelf) -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "a": [1, 2, 3], "b": ["x", "y", "z"]})
    later = frame.select("b", pl.lit(1).alias("c"), "id")

    keyed = diff(shelf.snapshot(frame, "id"), shelf.snapshot(later, "id"), shelf.store)
    bare = diff(shelf.snapshot(frame), shelf.snapshot(later), shelf.store)

    for found in (keyed, bare):
        assert (found.added, found.removed, found.changed, found.cells) == (0, 0, 0, {})
        assert (found.columns_added, found.columns_removed) == (("c",), ("a",))


def test_without_a_key_a_changed_row_is_one_gone_and_one_new(shelf: Shelf) -> None:
    frame = pl.DataFrame({"a": [1, 2, 2], "b": ["x", "y", "y"]})
    later = pl.DataFrame({"a": [1, 2, 2, 2], "b": ["z", "y", "y", "y"]})

    found = diff(shelf.snapshot(frame), shelf.snapshot(later), shelf.store)

    assert (found.added, found.removed, found.changed) == (2, 1, 0)


def test_a_column_of_another_kind_is_compared_as_it_is_written(shelf: Shelf) -> None:
    old = pl.DataFrame({"id": [1, 2], "a": [1, 2]})
    new = pl.DataFrame({"id": [1, 2], "a": ["1", "two"]})

    found = diff(shelf.snapshot(old, "id"), shelf.snapshot(new, "id"), shelf.store)

    assert (found.changed, found.cells) == (2, {"a": 1})
    assert found.kinds == (KindChange("a", Kind.INTEGER, Kind.STRING),)
    assert found.shifts == ()


def test_rows_that_kept_their_ids_are_changed_and_not_new(shelf: Shelf) -> None:
    raw = shelf.snapshot(pl.DataFrame({"x": [1, 2, 2, 4]}))
    ids = ids_of(raw, shelf.store)
    mended = build(
        pl.DataFrame({"x": [9, 2, 2, 4]}), key=None, store=shelf.store, row_ids=ids, parent=raw
    )

    rows = rows_apart(raw, mended, shelf.store)

    assert rows.changed.to_list() == [ids[0]]
    assert len(rows.added) == len(rows.removed) == 0


def table(rows: int, seed: int, **columns: object) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": np.arange(rows),
            "amount": draw.normal(50, 10, rows),
            "plan": draw.choice(["basic", "plus", "pro"], rows, p=[0.5, 0.3, 0.2]),
            "note": [f"{draw.integers(10**9)}" for _ in range(rows)],
            "day": pl.Series(draw.integers(18_000, 18_365, rows)).cast(pl.Date),
            **columns,
        }
    )


def test_a_column_that_moved_is_told_with_its_effect_and_the_others_are_not(shelf: Shelf) -> None:
    old = table(4_000, 1)
    fresh = table(4_000, 2)
    touched = pl.col("id") % 4 == 0
    new = old.with_columns(
        pl.when(touched).then(fresh["amount"] + 20).otherwise(pl.col("amount")).alias("amount"),
        pl.when(touched).then(fresh["day"]).otherwise(pl.col("day")).alias("day"),
        pl.when(pl.col("id") < 700).then(pl.lit("trial")).otherwise(pl.col("plan")).alias("plan"),
    )
    first = shelf.snapshot(old, "id")
    second = build(new, key="id", store=shelf.store, parent=first)

    found = {each.column: each for each in diff(first, second, shelf.store).shifts}

    assert set(found) == {"amount", "day", "plan"}
    assert {name for name, each in found.items() if each.real} == {"amount", "plan"}
    assert found["amount"].came == found["amount"].gone == 1_000
    assert found["amount"].effect is not None
    assert 0.6 < found["amount"].effect < 0.8
    assert found["amount"].words[0] == "mean 69.77, was 50.11"
    assert "'trial' is new: 100.0 %" in found["plan"].words
    assert found["day"].words[0].startswith(("10 % lie below 2", "90 % lie below 2", "median 2"))


def test_rows_that_are_only_added_are_compared_with_those_that_were_there(shelf: Shelf) -> None:
    old, more = table(3_000, 1), table(500, 2)
    more = more.with_columns(
        pl.col("id") + 3_000, pl.when(pl.col("id") % 3 > 0).then("amount").alias("amount")
    )
    first = shelf.snapshot(old, "id")
    second = build(pl.concat([old, more]), key="id", store=shelf.store, parent=first)

    found = {each.column: each for each in diff(first, second, shelf.store).shifts}
    back = {each.column: each for each in diff(second, first, shelf.store).shifts}

    assert found["amount"].against == "all cells before"
    assert back["amount"].against == "all cells after"
    assert [name for name, each in found.items() if each.real] == ["amount"]
    assert "missing in 33.4 %, was 0.0 %" in found["amount"].words
    assert all(words.startswith("length: ") for words in found["note"].words)


def test_a_move_among_the_largest_numbers_is_told(shelf: Shelf) -> None:
    ends = [-1.7e308, 1.7e308]
    old = pl.DataFrame({"id": range(200), "x": [ends[i % 4 == 0] for i in range(200)]})
    new = old.with_columns(x=pl.Series([ends[i % 4 > 0] for i in range(200)]))
    infinite = pl.when(pl.col("id") > 190).then(math.inf).when(pl.col("id") > 180)
    infinite = infinite.then(-math.inf).otherwise("x").alias("x")
    new = new.with_columns(infinite)

    (found,) = diff(shelf.snapshot(old, "id"), shelf.snapshot(new, "id"), shelf.store).shifts

    assert found.real
    assert found.words == ("mean 8.359e+307, was -8.5e+307", "median 1.7e+308, was -1.7e+308")


def test_few_cells_prove_nothing(shelf: Shelf) -> None:
    old = table(500, 1)
    new = old.with_columns(amount=pl.when(pl.col("id") < 7).then(10**6).otherwise("amount"))

    (found,) = diff(shelf.snapshot(old, "id"), shelf.snapshot(new, "id"), shelf.store).shifts

    assert (found.effect, found.chance, found.real) == (None, None, None)
    assert found.words == ("too few cells to compare: 7 went, 7 came",)


def test_two_tables_from_one_source_differ_in_no_column(shelf: Shelf) -> None:
    moved = 0
    for seed in range(12):
        pair = [shelf.snapshot(table(2_000, 2 * seed + i)) for i in (0, 1)]
        moved += sum(bool(each.real) for each in diff(pair[0], pair[1], shelf.store).shifts)

    assert moved <= 2
