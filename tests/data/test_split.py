from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import Roles, Shelf

from mlwright.core.errors import DataError
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import ASIDE, NESTED_BELOW, make_split, parts, take
from mlwright.data.table import Table, read

ROWS = 4_000


def people(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": [f"p{i}" for i in range(rows)],
            "age": draw.integers(18, 90, rows),
            "group": draw.integers(0, rows // 8, rows),
            "left": draw.random(rows) < 0.3,
        }
    )


def divide(
    frame: pl.DataFrame, roles: Roles, shelf: Shelf, previous: Split | None = None
) -> tuple[Split, dict[str, int]]:
    """Return the split and each row's part by row id."""
    snapshot = shelf.snapshot(frame, key=roles.key)
    split = make_split(snapshot, roles, frame.columns[-1], shelf.store, previous)
    table = read(snapshot, shelf.store, order_by=roles.time)
    return split, dict(zip(table.row_ids, parts(table, split).tolist(), strict=True))


def test_the_parts_have_the_shares_they_should(shelf: Shelf) -> None:
    split, found = divide(people(20_000), Roles(key="id"), shelf)

    counts = [list(found.values()).count(part) / 20_000 for part in range(3)]
    assert counts == pytest.approx([0.65, 0.15, 0.20], abs=0.015)
    assert split.method == "hash"
    assert sum(split.counts.values()) == 20_000


def test_changing_the_targets_of_tested_rows_moves_nothing(shelf: Shelf) -> None:
    frame = people()
    _, before = divide(frame, Roles(key="id"), shelf)
    tested = [name for name, part in before.items() if part == 2]
    turned = frame.with_columns(pl.col("left") ^ pl.col("id").is_in(tested))

    _, after = divide(turned, Roles(key="id"), shelf)

    assert after == before


@pytest.mark.parametrize("key", ["id", None])
@pytest.mark.parametrize("group", ["group", None])
def test_appended_rows_never_move_old_ones(
    key: str | None, group: str | None, shelf: Shelf
) -> None:
    frame = people()
    roles = Roles(key=key, group=group)
    split, before = divide(frame, roles, shelf)
    later = people(6_000, seed=1).with_columns(pl.format("q{}", "id").alias("id"))

    _, after = divide(pl.concat([frame, later]).sample(fraction=1, shuffle=True), roles, shelf)
    _, told = divide(pl.concat([frame, later]), roles, shelf, previous=split)

    assert {name: after[name] for name in before} == before
    assert after == told


def test_removed_rows_and_added_columns_move_no_keyed_row(shelf: Shelf) -> None:
    frame = people()
    _, before = divide(frame, Roles(key="id"), shelf)
    later = frame.select(pl.lit("new").alias("more"), pl.all()).tail(ROWS - 500)

    _, after = divide(later, Roles(key="id"), shelf)

    assert after == {name: before[name] for name in after}


def test_integers_that_become_decimals_move_no_row_without_a_key(shelf: Shelf) -> None:
    frame = people()
    _, before = divide(frame, Roles(), shelf)
    extra = frame.tail(1).with_columns(pl.lit("x").alias("id"), pl.lit(40.5).alias("age"))
    later = pl.concat([frame.with_columns(pl.col("age").cast(pl.Float64)), extra])

    _, after = divide(later, Roles(), shelf)

    assert {name: after[name] for name in before} == before


def test_equal_rows_without_a_key_share_a_part(shelf: Shelf) -> None:
    frame = people().drop("id")
    twice = pl.concat([frame, frame, frame])

    _, found = divide(twice, Roles(), shelf)

    by_content: dict[str, set[int]] = {}
    for name, part in found.items():
        by_content.setdefault(name[:32], set()).add(part)
    assert len(found) == 3 * ROWS
    assert all(len(each) == 1 for each in by_content.values())


def test_groups_stay_together_and_rows_without_one_stand_alone(shelf: Shelf) -> None:
    frame = people().with_columns(
        pl.when(pl.col("age") > 30).then("group").alias("group"), pl.col("left")
    )

    _, found = divide(frame, Roles(key="id", group="group"), shelf)

    of = dict(zip(frame["id"], frame["group"], strict=True))
    held: dict[int, set[int]] = {}
    for name, part in found.items():
        if of[name] is not None:
            held.setdefault(of[name], set()).add(part)
    assert all(len(each) == 1 for each in held.values())
    assert {part for name, part in found.items() if of[name] is None} == {0, 1, 2}


def test_another_seed_is_another_split_unless_one_was_made_before(shelf: Shelf) -> None:
    frame = people()
    first, found = divide(frame, Roles(key="id"), shelf)

    _, other = divide(frame, Roles(key="id", seed=1), shelf)
    _, kept = divide(frame, Roles(key="id", seed=1), shelf, previous=first)

    assert other != found == kept


def test_under_two_thousand_rows_no_part_is_sealed_and_it_is_said(shelf: Shelf) -> None:
    split, found = divide(people(NESTED_BELOW - 1), Roles(key="id"), shelf)

    assert split.method == "nested"
    assert set(found.values()) == {0}
    assert "1,999 rows" in split.why


def test_what_was_sealed_stays_sealed_when_rows_go_away(shelf: Shelf) -> None:
    frame = people()
    first, before = divide(frame, Roles(key="id"), shelf)

    later, after = divide(frame.head(1_000), Roles(key="id"), shelf, previous=first)

    assert later.method == "hash"
    assert after == {name: before[name] for name in after}


def test_growing_out_of_nested_validation_says_what_older_models_saw(shelf: Shelf) -> None:
    first, _ = divide(people(1_000), Roles(key="id"), shelf)

    later, _ = divide(people(), Roles(key="id"), shelf, previous=first)

    assert later.method == "hash"
    assert "judge them on newer rows" in later.why


def visits(days: int, rows: int = ROWS, seed: int = 0, first: int = 0) -> pl.DataFrame:
    draw = random.Random(seed)
    start = datetime(2026, 1, 1)
    hours = [draw.randrange(first * 24, days * 24) for _ in range(rows)]
    return pl.DataFrame(
        {
            "id": [f"v{seed}-{i}" for i in range(rows)],
            "at": [start + timedelta(hours=hour) for hour in hours],
            "who": [draw.randrange(rows // 3) for _ in range(rows)],
            "left": [draw.random() < 0.5 for _ in range(rows)],
        }
    )


TIMED = Roles(key="id", time="at")


def test_the_newest_rows_are_the_test_part(shelf: Shelf) -> None:
    frame = visits(100)

    split, found = divide(frame, TIMED, shelf)

    at = dict(zip(frame["id"], frame["at"], strict=True))
    times = [[at[name] for name, part in found.items() if part == p] for p in range(3)]
    assert max(times[0]) < min(times[1]) <= max(times[1]) < min(times[2])
    assert len(times[2]) == pytest.approx(0.2 * ROWS, rel=0.05)
    assert split.test_start == min(times[2]).isoformat()


def test_windows_only_move_forward_and_rows_are_tested_before_they_are_learnt(
    shelf: Shelf,
) -> None:
    frame, previous = visits(30), None
    learnt: set[str] = set()
    tested: set[str] = set()
    known: set[str] = set()
    for step in range(1, 6):
        split, found = divide(frame, TIMED, shelf, previous)
        now_learnt = {name for name, part in found.items() if part < 2}
        now_tested = {name for name, part in found.items() if part == 2}
        if previous is not None:
            assert split.test_start >= previous.test_start
            assert split.validation_start >= previous.validation_start
            new = {name for name in now_learnt - learnt if name in known}
            assert new <= tested
        assert not now_tested & learnt
        learnt |= now_learnt
        tested |= now_tested
        known = set(found)
        previous = split
        # Late rows of old days come too; they go straight to training.
        frame = pl.concat([frame, visits(30 + 10 * step, 800, seed=step, first=20 + 10 * step)])


def test_more_rows_of_old_days_keep_the_windows_where_they_were(shelf: Shelf) -> None:
    first, _ = divide(visits(100), TIMED, shelf)
    old = visits(50, 8_000, seed=9)

    later, _ = divide(pl.concat([visits(100), old]), TIMED, shelf, previous=first)

    assert (later.validation_start, later.test_start) == (first.validation_start, first.test_start)
    assert "windows kept" in later.why


def test_in_time_a_group_lies_in_one_part_and_its_earlier_rows_in_none(shelf: Shelf) -> None:
    frame = visits(100)

    split, found = divide(frame, Roles(key="id", time="at", group="who"), shelf)

    who = dict(zip(frame["id"], frame["who"], strict=True))
    held: dict[int, set[int]] = {}
    for name, part in found.items():
        if part != ASIDE:
            held.setdefault(who[name], set()).add(part)
    assert all(len(each) == 1 for each in held.values())
    assert split.counts["aside"] == list(found.values()).count(ASIDE) > 0
    assert sum(split.counts.values()) == ROWS


@pytest.mark.parametrize(
    "make",
    [
        lambda i: date(2026, 1, 1) + timedelta(days=i),
        lambda i: datetime(2026, 1, 1) + timedelta(microseconds=i),
        lambda i: i,
        lambda i: i / 8,
    ],
)
def test_any_ordered_kind_can_be_time_and_equal_times_share_a_part(
    make: object, shelf: Shelf
) -> None:
    frame = pl.DataFrame({"id": range(ROWS), "at": [make(i // 7) for i in range(ROWS)], "y": 1})

    first, found = divide(frame, TIMED, shelf)
    again, same = divide(frame, TIMED, shelf, previous=first)

    assert [again.validation_start, again.test_start] == [first.validation_start, first.test_start]
    assert found == same
    assert all(len({found[str(i)] for i in range(k, k + 7)}) == 1 for k in range(0, ROWS - 7, 7))


def test_days_that_become_moments_move_no_window_back(shelf: Shelf) -> None:
    days = pl.DataFrame(
        {"id": range(ROWS), "at": [date(2026, 1, 1 + i % 28) for i in range(ROWS)], "y": 1}
    )
    moments = days.with_columns(pl.col("at").cast(pl.Datetime("us")))
    first, _ = divide(days, TIMED, shelf)

    finer, _ = divide(moments, TIMED, shelf, previous=first)
    noon = Split(**{**_fields(finer), "test_start": f"{first.test_start}T12:00:00"})
    coarser, _ = divide(days, TIMED, shelf, previous=noon)

    assert finer.test_start == f"{first.test_start}T00:00:00"
    assert coarser.test_start > first.test_start


def _fields(split: Split) -> dict[str, object]:
    return {name: getattr(split, name) for name in split.__dataclass_fields__}


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        (Roles(time="id"), "split-role"),
        (Roles(time="left"), "split-role"),
        (Roles(group="left"), "split-role"),
        (Roles(group="share"), "split-role"),
        (Roles(time="att"), "column-unknown"),
        (Roles(time="same"), "split-empty"),
        (Roles(time="some"), "time-missing-value"),
    ],
)
def test_a_column_that_cannot_play_its_role_is_refused(
    roles: Roles, code: str, shelf: Shelf
) -> None:
    frame = visits(100).select(
        "id",
        "at",
        pl.lit(0.5).alias("share"),
        pl.lit(3).alias("same"),
        pl.when(pl.col("who") > 2).then("at").alias("some"),
        "left",
    )

    with pytest.raises(DataError) as caught:
        divide(frame, roles, shelf)

    assert caught.value.code == code


def test_a_missing_target_is_refused_with_the_nearest(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(people())

    with pytest.raises(DataError) as caught:
        make_split(snapshot, Roles(), "lefd", shelf.store, None)

    assert (caught.value.code, caught.value.facts["nearest"]) == ("column-unknown", "left")


def test_a_sealed_window_without_rows_is_refused(shelf: Shelf) -> None:
    frame = visits(100)
    first, _ = divide(frame, TIMED, shelf)
    old = frame.filter(pl.col("at") < datetime(2026, 2, 1))

    with pytest.raises(DataError) as caught:
        divide(old, TIMED, shelf, previous=first)

    assert caught.value.code == "split-empty"


def test_taken_parts_are_disjoint_complete_and_in_order(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(people(), key="id")
    split = make_split(snapshot, Roles(key="id"), "left", shelf.store, None)
    table = read(snapshot, shelf.store)

    pieces = [take(table, split, part) for part in Part]
    seen = take(table, split, Part.TRAIN, Part.VALIDATION)

    assert [len(piece.row_ids) for piece in pieces] == [split.counts[p.value] for p in Part]
    assert sorted(name for piece in pieces for name in piece.row_ids) == sorted(table.row_ids)
    assert seen.row_ids.is_sorted()
    assert seen.frame["id"].to_list() == seen.row_ids.to_list()
    assert set(seen.row_ids) == set(pieces[0].row_ids) | set(pieces[1].row_ids)


@given(st.integers(0, 2**31), st.sampled_from(["id", None]))
def test_a_rows_part_does_not_depend_on_which_other_rows_are_read(
    seed: int, key: str | None
) -> None:
    frame = _SAMPLE.snapshot if key else _SAMPLE.bare
    split = Split("hash", 0, key, None, None, None, {}, "")
    table = read(frame, _SAMPLE.store)
    keep = pl.Series(np.random.default_rng(seed).random(frame.rows) < 0.3)

    alone = parts(table.filter(keep), split)

    assert alone.tolist() == parts(table, split)[keep.to_numpy()].tolist()


class _SAMPLE:
    shelf = Shelf()
    store = shelf.store
    snapshot: Snapshot = shelf.snapshot(people(300), key="id")
    bare: Snapshot = shelf.snapshot(people(300))


def test_the_parts_of_known_rows_are_these_for_ever() -> None:
    ids = pl.Series("row_id", [f"p{i}" for i in range(24)])
    table = Table(pl.DataFrame({"id": ids}), ids)

    found = parts(table, Split("hash", 0, "id", None, None, None, {}, ""))

    assert "".join(map(str, found)) == "000201021002002001201120"
