"""Joins as of a moment, held against a search row by row, and their proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import Shelf

from mlwright.core.errors import BrokenError, DataError
from mlwright.data.joins.asof import newest_known
from mlwright.data.joins.join import join
from mlwright.data.joins.records import JoinRule
from mlwright.data.joins.verify import verify
from mlwright.data.table import Table, read

Find = Callable[[str], Path]
START = datetime(2013, 1, 1)
RULE = JoinRule("w", (("place", "place"),), "asked", "event", "known", 0.0, 6 * 3600.0, ())


def at(hour: int | None) -> datetime | None:
    return None if hour is None else START + timedelta(hours=hour)


def table(frame: pl.DataFrame, prefix: str) -> Table:
    return Table(
        frame, pl.Series([f"{prefix}{i:04d}" for i in range(frame.height)], dtype=pl.String)
    )


hours = st.none() | st.integers(0, 12)
places = st.sampled_from(["a", "b", None])


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, Table]:
    """Draw small tables full of ties, late news, forecasts and missing times."""
    asked = draw(st.lists(st.tuples(places, hours), min_size=1, max_size=12))
    offered = draw(st.lists(st.tuples(places, hours, hours), min_size=1, max_size=12))
    time = pl.Datetime("us")
    left = pl.DataFrame(
        {"place": [p for p, _ in asked], "asked": [at(h) for _, h in asked]},
        schema={"place": pl.String, "asked": time},
    )
    right = pl.DataFrame(
        {
            "place": [p for p, _, _ in offered],
            "event": [at(h) for _, h, _ in offered],
            "known": [at(h) for _, _, h in offered],
            "value": list(range(len(offered))),
        },
        schema={"place": pl.String, "event": time, "known": time, "value": pl.Int64},
    )
    return table(left, "l"), table(right, "r")


def one_by_one(left: Table, right: Table, rule: JoinRule) -> list[int | None]:
    """Find each row's newest known row by looking at every row of the other table."""
    rows = list(
        zip(right.row_ids, *(right.frame[c] for c in ("place", "event", "known")), strict=True)
    )
    found: list[int | None] = []
    for place, moment in left.frame.select("place", "asked").rows():
        best = None
        for number, (name, of, event, known) in enumerate(rows):
            if None in (place, moment, of, event, known) or of != place:
                continue
            known = known + timedelta(seconds=rule.known_after)
            old = rule.within is not None and (moment - event).total_seconds() > rule.within
            if event > moment or known > moment or old:
                continue
            if best is None or (event, known, name) > best[0]:
                best = ((event, known, name), number)
        found.append(None if best is None else best[1])
    return found


@given(tables(), st.sampled_from([0.0, 3600.0]), st.sampled_from([None, 0.0, 3 * 3600.0]))
def test_each_row_gets_what_a_look_at_every_row_of_the_other_table_finds(
    both: tuple[Table, Table], after: float, within: float | None
) -> None:
    left, right = both
    rule = replace(RULE, known_after=after, within=within)

    found = newest_known(left, right, rule)["place"].to_list()

    assert found == one_by_one(left, right, rule)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_tables_stand_changes_nothing(
    both: tuple[Table, Table], random: st.DataObject
) -> None:
    left, right = both
    order = list(range(right.frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Table(right.frame[order], right.row_ids[order])

    named = [
        each.row_ids.gather(newest_known(left, each, RULE)["place"]).to_list()
        for each in (right, shuffled)
    ]

    assert named[0] == named[1]


@pytest.fixture(scope="module")
def flights(dataset: Find) -> pl.DataFrame:
    flown = pl.read_csv(dataset("flights/flights"), null_values="NA", try_parse_dates=True)
    return flown.select(
        "origin", "dest", "arr_delay", pl.col("time_hour").dt.replace_time_zone(None)
    )


@pytest.fixture(scope="module")
def weather(dataset: Find) -> pl.DataFrame:
    seen = pl.read_csv(
        dataset("flights/weather"),
        null_values="NA",
        try_parse_dates=True,
        infer_schema_length=None,
    )
    return seen.with_columns(pl.col("time_hour").dt.replace_time_zone(None))


def test_flights_get_the_weather_that_polars_finds_and_a_look_at_every_row(
    flights: pl.DataFrame, weather: pl.DataFrame
) -> None:
    some = flights.gather_every(17)
    news = weather.with_columns(known=pl.col("time_hour") + pl.duration(minutes=50))
    rule = JoinRule(
        "w", (("origin", "origin"),), "time_hour", "time_hour", None, 3000.0, 7200.0, ()
    )
    left, right = table(some, "l"), table(news, "r")

    found = newest_known(left, right, rule)["place"]

    temperature = news["temp"].gather(found)
    peer = (
        some.with_row_index("number")
        .sort("time_hour")
        .join_asof(
            news.with_columns(time_known=pl.col("known")).sort("known"),
            left_on="time_hour",
            right_on="known",
            by="origin",
            check_sortedness=False,
        )
    )
    near = pl.col("time_hour") - pl.col("time_hour_right") <= pl.duration(hours=2)
    expected = peer.with_columns(pl.when(near).then("temp")).sort("number")["temp"]
    assert temperature.eq_missing(expected).all()
    sample = Table(some.gather_every(400), left.row_ids.gather_every(400))
    renamed = Table(
        news.select(place="origin", event="time_hour", known="time_hour"), right.row_ids
    )
    asked = Table(sample.frame.select(place="origin", asked="time_hour"), sample.row_ids)
    assert found.gather_every(400).to_list() == one_by_one(asked, renamed, rule)


def test_a_joined_version_keeps_the_rows_of_its_table_and_holds_against_the_other(
    flights: pl.DataFrame, weather: pl.DataFrame
) -> None:
    shelf = Shelf()
    left, right = shelf.snapshot(flights.head(3_000)), shelf.snapshot(weather.head(9_000))
    rule = JoinRule("w", (("origin", "origin"),), "time_hour", "time_hour", None, 0.0, 7200.0, ())

    made = join(left, right, rule, shelf.store)

    result, before, other = (read(each, shelf.store) for each in (made.snapshot, left, right))
    assert result.row_ids.to_list() == before.row_ids.to_list()
    assert result.frame.select(before.frame.columns).equals(before.frame)
    assert made.matched == made.verified.rows == 3_000 - result.frame["w_row"].null_count()
    taken = [name for name in other.frame.columns if name not in ("origin", "time_hour")]
    assert made.verified == verify(result, other, rule, taken)
    assert join(left, right, rule, shelf.store) == made


@pytest.mark.parametrize(
    ("column", "change", "what"),
    [
        ("w_row", pl.lit("r9999"), "the other table does not have"),
        ("w_value", pl.col("w_value") + 1, "another 'value'"),
        ("place", pl.lit("b"), "another 'place'"),
        ("asked", pl.col("asked") - pl.duration(hours=2), "not true yet"),
        ("asked", pl.col("asked") - pl.duration(minutes=30), "not known yet"),
        ("asked", pl.col("asked") + pl.duration(days=2), "too old"),
    ],
)
def test_the_proof_finds_every_way_in_which_a_joined_row_can_be_wrong(
    column: str, change: pl.Expr, what: str
) -> None:
    left = table(pl.DataFrame({"place": ["a"] * 3, "asked": [at(5), at(6), at(7)]}), "l")
    offered = {"place": ["a"] * 2, "event": [at(5), at(4)], "known": [at(5), at(4)]}
    right = table(pl.DataFrame({**offered, "value": [1, 2]}), "r")
    rule = replace(RULE, known="known")
    right = Table(
        right.frame.with_columns(known=pl.col("event") + pl.duration(minutes=0)), right.row_ids
    )
    if what == "not known yet":
        right = Table(
            right.frame.with_columns(event=pl.col("event") - pl.duration(hours=1)), right.row_ids
        )
    places = newest_known(left, right, rule)["place"]
    sound = Table(
        left.frame.with_columns(
            w_row=right.row_ids.gather(places), w_value=right.frame["value"].gather(places)
        ),
        left.row_ids,
    )
    broken = Table(sound.frame.with_columns(change.alias(column)), sound.row_ids)

    assert verify(sound, right, rule, ["value"]).rows == 3
    with pytest.raises(BrokenError, match=what):
        verify(broken, right, rule, ["value"])


def test_a_day_is_known_when_it_is_over_for_rows_with_a_time_of_day() -> None:
    moments = [datetime(2013, 1, 2, 12), datetime(2013, 1, 3, 0, 0)]
    left = table(pl.DataFrame({"place": ["a"] * 2, "asked": moments}), "l")
    day = datetime(2013, 1, 2).date()
    right = table(pl.DataFrame({"place": ["a"], "event": [day], "known": [day], "value": [1]}), "r")
    days = Table(left.frame.with_columns(pl.col("asked").cast(pl.Date)), left.row_ids)
    rule = replace(RULE, within=None)

    assert newest_known(left, right, rule)["place"].to_list() == [None, 0]
    assert newest_known(days, right, rule)["place"].to_list() == [0, 0]


def test_what_cannot_be_joined_is_refused_by_name() -> None:
    shelf = Shelf()
    left = shelf.snapshot(pl.DataFrame({"k": [1, 2], "t": [at(1), at(2)], "w_x": [1, 2]}))
    right = shelf.snapshot(
        pl.DataFrame({"k": ["1", "2"], "n": [1, 2], "t": [at(1), at(2)], "x": [3, 4]})
    )
    rule = JoinRule("w", (("k", "k"),), "t", "t", None, 0.0, None, ("x",))
    wrong = {
        "join-key": rule,
        "join-time": replace(rule, by=(), event="n"),
        "column-unknown": replace(rule, by=(), event="tt"),
        "column-duplicate": replace(rule, by=()),
    }

    for code, each in wrong.items():
        with pytest.raises(DataError, match=code):
            join(left, right, each, shelf.store)
