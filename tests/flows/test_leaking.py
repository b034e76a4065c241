"""Leaks: each planted one is caught by its name, and none is claimed of honest tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.data.conftest import Roles, Shelf

from mlwright.data.ingest import read_table
from mlwright.data.leaks.records import CHECKS, LeakReport
from mlwright.data.settings import DataSettings
from mlwright.data.split import make_split, parts
from mlwright.data.table import Table, read
from mlwright.flows.leaking import leaks_of
from mlwright.train.records import Plan
from mlwright.train.task import infer_task

Find = Callable[[str], Path]
RNG = np.random.default_rng(7)


def found_in(
    frame: pl.DataFrame,
    target: str,
    *,
    key: str | None = None,
    time: str | None = None,
    group: str | None = None,
    drop: Sequence[str] = (),
) -> LeakReport:
    """Look for leaks as a run would: split by the roles, folds as a plan has them."""
    shelf = Shelf()
    snapshot = shelf.snapshot(frame, key)
    split = make_split(snapshot, Roles(key, time, group), target, shelf.store, None)
    table = read(snapshot, shelf.store, order_by=time)
    plan = Plan(
        configurations=(),
        rows=10**6,
        folds=5 if split.method == "nested" else 0,
        outer_folds=5 if split.method == "nested" else 0,
        repeats=1,
        threads=1,
        seed=0,
        budget_seconds=1.0,
        machine="",
        measured={},
        unit=group or key,
        time=time,
    )
    return leaks_of(
        table,
        parts(table, split),
        infer_task(table.frame, target, None, None),
        plan,
        key=key,
        time=time,
        by_time=time is not None,
        drop={*drop, *filter(None, (key, group))},
        seed=0,
    )


def claimed(report: LeakReport) -> set[tuple[str, str | None]]:
    return {(leak.check, leak.column) for leak in report.leaks}


@pytest.fixture(scope="module")
def flights(dataset: Find) -> pl.DataFrame:
    """What is known of every twentieth flight at departure, and how late it arrived."""
    flown = pl.read_csv(dataset("flights/flights"), null_values="NA")
    delays = flown["arr_delay"].drop_nulls()
    told = pl.read_csv(dataset("flights_late"), try_parse_dates=True)
    told = told.with_columns(pl.col("time_hour").dt.replace_time_zone(None), arr_delay=delays)
    return told.gather_every(20)


def late_of(flights: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return flights["late"].to_numpy()


def test_of_the_flights_as_they_are_known_at_departure_no_leak_is_claimed(
    flights: pl.DataFrame,
) -> None:
    honest = flights.drop("arr_delay")

    by_row = found_in(honest, "late", key="flight_id")
    by_time = found_in(honest, "late", key="flight_id", time="time_hour")
    amount = found_in(flights.drop("late"), "arr_delay", key="flight_id")

    assert [claimed(report) for report in (by_row, by_time, amount)] == [set(), set(), set()]
    assert [looked.check for looked in by_row.looked] == list(CHECKS)
    assert "'dep_delay' alone tells most" in by_row.looked[0].why


def copies(flights: pl.DataFrame) -> dict[str, pl.Series]:
    """Return columns that know whether a flight was late: copies in other clothes."""
    late, delay = late_of(flights), flights["arr_delay"].to_numpy().astype(float)
    rows = flights.height
    code = RNG.integers(0, 20, rows) * 2 + late
    reason = np.where(late, RNG.integers(0, 5, rows), -1)
    some = np.where(RNG.random(rows) < 0.4, reason, -1)
    return {
        "itself": pl.Series(delay),
        "another scale": pl.Series(np.exp(delay / 200)),
        "noisy": pl.Series(delay + RNG.normal(0, 5, rows)),
        "renamed": pl.Series(np.where(RNG.random(rows) < 0.02, ~late, late)),
        "many codes": pl.Series([f"k{each * 7919 % 1000}" for each in code]),
        "there when late": pl.Series([None if each < 0 else f"r{each}" for each in reason]),
        "there when late, at times": pl.Series([None if each < 0 else "x" for each in some]),
        "missing when late": pl.Series([1.5 if each < 0 else None for each in reason]),
    }


def test_a_column_that_knows_the_target_is_told_however_it_is_dressed(
    flights: pl.DataFrame,
) -> None:
    told = {}
    for name, column in copies(flights).items():
        frame = flights.drop("arr_delay").with_columns(column.alias("copy"))
        told[name] = claimed(found_in(frame, "late", key="flight_id"))

    assert told == {name: {("leak.target", "copy")} for name in told}


def test_two_copies_of_the_target_do_not_hide_each_other(flights: pl.DataFrame) -> None:
    frame = flights.with_columns(again=pl.col("arr_delay") * 2 + 1)

    assert claimed(found_in(frame, "late", key="flight_id")) == {
        ("leak.target", "arr_delay"),
        ("leak.target", "again"),
    }


def test_of_an_amount_a_copy_with_noise_and_one_on_another_scale_are_told(
    flights: pl.DataFrame,
) -> None:
    delay = flights["arr_delay"].to_numpy()
    noise = RNG.normal(0, 5, len(delay))
    frame = flights.drop("late")
    noisy = frame.with_columns(copy=pl.Series(delay + noise))
    scaled = frame.with_columns(copy=pl.Series(np.exp(delay / 200)))

    for each in (noisy, scaled):
        assert claimed(found_in(each, "arr_delay", key="flight_id")) == {("leak.target", "copy")}


def test_what_is_missing_exactly_where_the_target_is_came_with_it(dataset: Find) -> None:
    flown = pl.read_csv(dataset("flights/flights"), null_values="NA").gather_every(20)

    report = found_in(flown.drop("time_hour"), "arr_delay")

    assert claimed(report) == {("leak.target", "air_time")}
    assert "known no sooner than the answer" in report.leaks[0].why


def test_two_columns_that_add_up_to_the_target_are_told_both(dataset: Find) -> None:
    shared = read_table(dataset("bikeshare"), DataSettings())

    assert claimed(found_in(shared, "bikers")) == {
        ("leak.target", "casual"),
        ("leak.target", "registered"),
    }


def test_an_id_that_sorts_the_target_is_told_as_key_number_or_text(flights: pl.DataFrame) -> None:
    order = np.argsort(late_of(flights) + RNG.normal(0, 0.2, flights.height), kind="stable")
    place = np.empty(flights.height, np.int64)
    place[order] = np.arange(flights.height)
    honest = flights.drop("arr_delay")
    number = honest.with_columns(row=pl.Series(place))
    text = honest.with_columns(row=pl.Series([f"X-{each * 3 + 1000}" for each in place]))

    assert claimed(found_in(number, "late", key="flight_id")) == {("leak.order", "row")}
    assert claimed(found_in(text, "late", key="flight_id")) == {("leak.order", "row")}
    assert claimed(found_in(number, "late", key="row")) == {("leak.order", "row")}


def test_dates_that_sort_the_target_are_told_unless_the_split_follows_time(
    flights: pl.DataFrame,
) -> None:
    order = np.argsort(late_of(flights), kind="stable")
    place = np.empty(flights.height, np.int64)
    place[order] = np.arange(flights.height) // 100
    decided = pl.date(2013, 12, 31) + pl.duration(days=pl.lit(pl.Series(place)))
    frame = flights.drop("arr_delay").with_columns(decided=decided)

    by_row = found_in(frame, "late", key="flight_id")
    later = found_in(frame, "late", key="flight_id", time="time_hour")

    assert claimed(by_row) == {("leak.order", "decided")}
    assert claimed(later) == {("leak.target", "decided"), ("leak.time", "decided")}


def test_a_date_after_the_rows_time_is_told_and_one_before_is_not(flights: pl.DataFrame) -> None:
    minutes = pl.duration(minutes=pl.lit(pl.Series(RNG.integers(30, 600, flights.height))))
    frame = flights.drop("arr_delay")
    after = frame.with_columns(landed=pl.col("time_hour") + minutes)
    before = frame.with_columns(booked=pl.col("time_hour") - minutes)

    report = found_in(after, "late", key="flight_id", time="time_hour")

    assert claimed(report) == {("leak.time", "landed")}
    assert {fault.column for fault in report.faults} == {"landed"}
    assert claimed(found_in(before, "late", key="flight_id", time="time_hour")) == set()


def test_rows_that_stand_on_both_sides_of_the_split_are_told_by_their_ids(
    flights: pl.DataFrame,
) -> None:
    honest = flights.drop("arr_delay")
    again = honest.sample(honest.height // 20, seed=3)
    again = again.with_columns(flight_id=pl.format("{}-again", "flight_id"))

    report = found_in(pl.concat([honest, again]), "late", key="flight_id")

    assert claimed(report) == {("leak.overlap", None), ("leak.folds", None)}
    ids = {str(fault.row).removesuffix("-again") for fault in report.faults}
    assert ids <= set(again["flight_id"].str.strip_suffix("-again"))
    values = {looked.check: looked.value for looked in report.looked}
    assert 0.01 < float(str(values["leak.overlap"])) < 0.1


def test_groups_that_share_the_answer_are_told_unless_they_stay_together(
    flights: pl.DataFrame,
) -> None:
    late = late_of(flights)
    crew = np.empty(flights.height, np.int64)
    for answer in (False, True):
        rows = RNG.permutation(np.flatnonzero(late == answer))
        crew[rows] = np.arange(len(rows)) // 4 * 2 + answer
    mixed = pl.Series(crew * 7919 % 1_000_003)
    honest = flights.drop("arr_delay")

    for column in (mixed, mixed.cast(pl.String)):
        frame = honest.with_columns(column.alias("crew"))
        assert claimed(found_in(frame, "late", key="flight_id")) == {("leak.group", "crew")}
        together = found_in(frame, "late", key="flight_id", group="crew")
        assert claimed(together) == set()


@pytest.mark.parametrize(
    ("name", "target", "drop"),
    [
        ("churn", "Churn", ()),
        ("adult", "income", ()),
        ("german", "credit", ()),
        ("diamonds", "price", ()),
        ("satimage", "class", ()),
        ("digits", "target", ()),
        ("breast_cancer", "target", ()),
        ("bikeshare", "bikers", ("casual", "registered")),
    ],
)
def test_no_leak_is_claimed_of_an_honest_table(
    name: str, target: str, drop: tuple[str, ...], dataset: Find
) -> None:
    frame = read_table(dataset(name), DataSettings())

    assert claimed(found_in(frame, target, drop=drop)) == set()


def test_nothing_of_a_test_row_but_its_features_is_looked_at(flights: pl.DataFrame) -> None:
    honest = flights.drop("arr_delay").with_row_index("place")
    shelf = Shelf()
    snapshot = shelf.snapshot(honest.cast({"place": pl.Int64}), "flight_id")
    split = make_split(snapshot, Roles("flight_id"), "late", shelf.store, None)
    table = read(snapshot, shelf.store)
    numbers = parts(table, split)
    late = table.frame["late"].to_numpy().copy()
    late[numbers == 2] = ~late[numbers == 2]
    turned = Table(table.frame.with_columns(late=pl.Series(late)), table.row_ids)
    task = infer_task(table.frame, "late", None, None)

    reports = [
        leaks_of(
            each,
            numbers,
            task,
            None,
            key="flight_id",
            time=None,
            by_time=False,
            drop={"flight_id", "place"},
            seed=0,
        )
        for each in (table, turned)
    ]

    assert reports[0] == reports[1]


def test_a_column_as_good_as_others_is_no_leak_in_an_easy_question() -> None:
    size = RNG.normal(0, 1, 5_000)
    frame = pl.DataFrame(
        {
            "length": size + RNG.normal(0, 0.02, 5_000),
            "width": size + RNG.normal(0, 0.02, 5_000),
            "kind": np.where(size > 0, "large", "small"),
        }
    )

    assert claimed(found_in(frame, "kind")) == set()
