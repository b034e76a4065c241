from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlwright.data.sources.kinds import MISSING, TextColumn, decide

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def read(texts: list[str | None]) -> tuple[pl.Series, dict[str, int]]:
    values, told = decide(pl.Series(texts, dtype=pl.String))
    return values, dict(told)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_come_back_as_they_were_written(numbers: list[int]) -> None:
    values, told = read([str(number) for number in numbers])

    assert values.dtype == pl.Int64
    assert values.to_list() == numbers
    assert told == {}


@given(st.lists(FINITE, min_size=1))
@example([5e-324, 1.7976931348623157e308, -0.0, 0.1, 1e22, 1e23])
def test_decimals_come_back_to_the_last_bit_without_a_word(numbers: list[float]) -> None:
    values, told = read([repr(number) for number in numbers])

    assert values.dtype == pl.Float64
    assert [v.hex() for v in values.to_list()] == [number.hex() for number in numbers]
    assert told == {}


@given(st.lists(st.datetimes(), min_size=1))
def test_moments_come_back_to_the_microsecond(moments: list[datetime]) -> None:
    values, _ = read([moment.isoformat() for moment in moments])

    assert values.dtype == pl.Datetime("us")
    assert values.to_list() == moments


@given(st.lists(st.dates(), min_size=1))
def test_dates_come_back(days: list[date]) -> None:
    values, told = read([day.isoformat() for day in days])

    assert values.dtype == pl.Date
    assert values.to_list() == days
    assert told == {}


@pytest.mark.parametrize(
    "texts",
    [
        ["007", "123"],
        ["+49", "1"],
        ["9223372036854775808", "1"],
        ["1_000", "2"],
        ["0x10", "1"],
        ["1e999", "1"],
        ["1,5", "2,5"],
        ["2020-02-30", "2020-01-01"],
        ["2020-1-5", "2020-01-01"],
        ["2020-01-01T23:59:60", "2020-01-01T00:00:00"],
        ["2020-01-01T24:00:00", "2020-01-01T00:00:00"],
        ["2020-01-01T10:00:00Z", "2020-01-01T10:00:00"],
        ["2020-01-01T10:00:00.1234567", "2020-01-01T10:00:00"],
        ["yes", "no"],
        ["NA", "NA"],
        ["", "x"],
        [" x", "y "],
        ["\u0661\u0662", "1"],
    ],
)
def test_text_that_a_kind_would_alter_stays_text(texts: list[str]) -> None:
    values, _ = read([*texts, None])

    if texts == ["9223372036854775808", "1"]:
        assert values.dtype == pl.Float64
    else:
        assert values.to_list() == [*texts, None]


@given(
    st.lists(
        st.one_of(
            st.integers(-5, 5).map(str),
            st.sampled_from(["1.5", "x", "007", "true", "2020-01-01", " 3", "NA", "", "?"]),
            st.none(),
        ),
        max_size=8,
    ).flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(texts)))
)
def test_row_order_decides_neither_kind_nor_what_is_told(
    orders: tuple[list[str | None], list[str | None]],
) -> None:
    first, second = (read(texts) for texts in orders)

    assert first[0].dtype == second[0].dtype
    assert first[1] == second[1]
    assert first[0].sort().equals(second[0].sort(), null_equal=True)


@given(
    st.lists(
        st.lists(st.sampled_from(["1", "-7", "2.5", "x", "NA", "008", None]), max_size=4),
        max_size=4,
    )
)
def test_how_a_column_arrives_in_blocks_does_not_matter(blocks: list[list[str | None]]) -> None:
    column = TextColumn("c")
    for block in blocks:
        column.add(pl.Series("x", block, pl.String))

    found, _ = column.finish()

    whole, _ = read([text for block in blocks for text in block])
    assert found.rename("").equals(whole.rename(""), check_dtypes=True, null_equal=True)


@pytest.mark.parametrize("spelling", [*MISSING, "NaN", "NULL", "None", " ", " N/A "])
def test_a_spelling_of_missing_among_numbers_becomes_null_and_is_told(spelling: str) -> None:
    values, told = read(["1", spelling, "3", spelling])

    assert values.to_list() == [1, None, 3, None]
    assert told == {f"{spelling!r} read as missing": 2}


def test_a_spelling_of_missing_among_words_stays_a_word() -> None:
    values, told = read(["?", "Private", "NA"])

    assert values.to_list() == ["?", "Private", "NA"]
    assert told == {}


def test_spaces_around_numbers_are_removed_and_told() -> None:
    values, told = read([" 39", "40", "41 "])

    assert values.to_list() == [39, 40, 41]
    assert told == {"spaces around values removed": 2}


def test_times_with_zones_become_utc_and_are_told() -> None:
    values, told = read(["2020-01-01T10:00:00+02:00", "2020-01-01 10:00Z", "2020-01-01T10:00-0530"])

    wanted = [datetime(2020, 1, 1, h, m, tzinfo=UTC) for h, m in ((8, 0), (10, 0), (15, 30))]
    assert [each.replace(tzinfo=UTC) for each in values.to_list()] == wanted
    assert told == {"times with a zone converted to UTC": 3}


def test_dates_among_times_become_midnight_and_are_told() -> None:
    values, told = read(["2020-01-01", "2020-01-02 10:30"])

    assert values.to_list() == [datetime(2020, 1, 1), datetime(2020, 1, 2, 10, 30)]
    assert told == {"dates without a time read as midnight": 1}


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["9007199254740993", "0.5"], 1),
        (["9007199254740992", "0.5"], 0),
        (["0.12345678901234567890", "0.5"], 1),
        (["1e-400", "0.5"], 1),
        (["0e5", "-0.0"], 0),
        (["123456789012345678901234567890123456789012", "0.5"], 1),
    ],
)
def test_digits_that_64_bits_cannot_hold_are_told(texts: list[str], count: int) -> None:
    values, told = read(texts)

    assert values.dtype == pl.Float64
    assert told.get("more digits than 64 bits hold, rounded to the nearest number", 0) == count


def test_a_column_of_mostly_numbers_says_why_it_stayed_text() -> None:
    _, told = read(["1", "2", "3", "abc", "n/a"])
    _, zeros = read(["007", "008", "9"])
    _, commas = read(["1,5", "1.000,25"])

    assert told == {"kept as text: not all are numbers, 'abc' is none": 1}
    assert list(zeros) == [
        "kept as text: numbers with leading zeros, a plus sign or too many digits"
    ]
    assert list(commas) == ["kept as text: numbers with a decimal comma?"]


@pytest.mark.parametrize("text", ["inf", "-Infinity", "INF"])
def test_infinity_is_kept_as_a_number(text: str) -> None:
    values, _ = read(["1.5", text])

    assert values.to_list() == [1.5, float(text)]


def test_days_that_do_not_exist_leave_a_column_of_many_blocks_text() -> None:
    blocks = [
        ["2020-01-02"] * 3,
        ["2019-13-01"],
        ["2020-01-02"] * 3,
        ["2019-13-01"],
        ["2020-01-02"],
    ]
    column = TextColumn("day")
    for block in blocks:
        column.add(pl.Series(block))

    values, _ = column.finish()

    assert values.to_list() == [text for block in blocks for text in block]
