from __future__ import annotations

import math
import statistics
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.checks.grammar import parse, render
from mlwright.checks.records import Choice, Limit, Range
from mlwright.data.contract import MOST_CATEGORIES, infer
from mlwright.data.profile import QUANTILES, profile
from mlwright.data.records import ColumnProfile, FeatureContract, Kind, Profile
from mlwright.data.table import Table


def described(values: list[object], dtype: pl.DataType | None = None) -> ColumnProfile:
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype, strict=False)})
    return profile(table(frame)).columns[0]


def table(frame: pl.DataFrame) -> Table:
    return Table(frame, pl.Series("row_id", [str(i) for i in range(frame.height)], pl.String))


@given(st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=1, max_size=80))
def test_a_column_of_numbers_is_described_as_python_would(values: list[int | None]) -> None:
    found = described(values, pl.Int64())

    numbers = [value for value in values if value is not None]
    assert (found.rows, found.nulls) == (len(values), len(values) - len(numbers))
    assert found.distinct == len(set(numbers))
    if numbers:
        assert (found.low, found.high) == (min(numbers), max(numbers))
        assert found.mean == pytest.approx(statistics.fmean(numbers))
        assert found.quantiles == pytest.approx(
            np.quantile(numbers, QUANTILES, method="inverted_cdf").tolist()
        )
    if len(numbers) > 1:
        assert found.deviation == pytest.approx(statistics.stdev(numbers))
    if found.distinct <= 50:
        assert dict(found.top) == {str(n): numbers.count(n) for n in numbers}


@given(st.lists(st.none() | st.text(alphabet="abé'\n", max_size=2), min_size=1, max_size=60))
def test_the_most_common_words_come_first_and_equals_in_order(values: list[str | None]) -> None:
    found = described(values, pl.String())

    words = [value for value in values if value is not None]
    wanted = sorted(set(words), key=lambda word: (-words.count(word), word.encode()))
    assert found.top == tuple((word, words.count(word)) for word in wanted)
    assert (found.low, found.high, found.mean, found.quantiles) == (None, None, None, ())


def test_days_and_moments_have_a_first_and_a_last() -> None:
    days = described([date(2020, 1, 2), None, date(2019, 1, 1)])
    moments = described([datetime(2020, 1, 2, 3), datetime(2020, 1, 2)])

    assert (days.low, days.high) == ("2019-01-01", "2020-01-02")
    assert (moments.low, moments.high) == ("2020-01-02T00:00:00", "2020-01-02T03:00:00")
    assert days.top == ()


def test_infinity_spoils_neither_mean_nor_quantiles() -> None:
    found = described([1.0, 2.0, math.inf])

    assert (found.mean, found.high) == (1.5, math.inf)
    assert found.quantiles == (1, 1, 1, 1, 2, 2, 2)


def test_an_empty_column_is_described_as_empty() -> None:
    found = described([None, None], pl.Float64())

    assert (found.nulls, found.distinct, found.low, found.mean) == (2, 0, None, None)


def test_names_that_stand_once_are_not_listed() -> None:
    found = described([f"person {i}" for i in range(60)] + ["person 7"])

    assert found.top == (("person 7", 2),)


def columns(**given_values: pl.Series) -> Profile:
    return profile(table(pl.DataFrame(given_values)))


def test_a_contract_promises_what_was_seen() -> None:
    rows = 1_000
    seen = columns(
        age=pl.Series([17 + i % 74 for i in range(rows)]),
        plan=pl.Series([None if i % 40 == 0 else "ab"[i % 2] for i in range(rows)]),
        joined=pl.Series([date(2020, 1, 1 + i % 9) for i in range(rows)]),
        number=pl.Series(range(rows)),
        vip=pl.Series([i % 2 == 0 for i in range(rows)]),
        name=pl.Series([f"n{i}" for i in range(rows)]),
        left=pl.Series([i % 3 == 0 for i in range(rows)]),
    )

    contract = infer(seen, "left", exclude=("name",))

    found = {feature.name: feature for feature in contract.features}
    assert list(found) == ["age", "plan", "joined", "number", "vip"]
    assert found["age"] == FeatureContract("age", Kind.INTEGER, False, 17, 90, None)
    assert found["plan"] == FeatureContract("plan", Kind.STRING, True, None, None, ("a", "b"))
    assert (found["number"].low, found["joined"].low) == (None, None)
    assert contract.rules == (
        "null(age) <= 0.5%",
        "age in [17, 90]",
        "null(plan) <= 5%",
        "plan in {'a', 'b'}",
        "null(joined) <= 0.5%",
        "null(number) <= 0.5%",
        "null(vip) <= 0.5%",
    )


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]), min_size=1),
            st.one_of(
                st.lists(st.none() | st.floats(allow_nan=False), min_size=12, max_size=12),
                st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=12, max_size=12),
                st.lists(st.none() | st.sampled_from("'\"\\\n a,}"), min_size=12, max_size=12),
            ),
        ),
        unique_by=lambda pair: pair[0],
        max_size=3,
    )
)
def test_every_rule_parses_and_holds_for_the_rows_it_came_from(
    given_columns: list[tuple[str, list[object]]],
) -> None:
    frame = pl.DataFrame([pl.Series(name, values) for name, values in given_columns])
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.String))
    seen = profile(table(frame)) if frame.width else Profile(0, ())

    for text in infer(seen, "no such column").rules:
        rule = parse(text)
        assert render(rule) == text
        values = frame[rule.term.name]
        present = values.drop_nulls().to_list()
        if isinstance(rule.bound, Limit):
            assert values.null_count() / len(values) <= rule.bound.value
        elif isinstance(rule.bound, Range):
            assert all(rule.bound.low.value <= v <= rule.bound.high.value for v in present)
        else:
            assert isinstance(rule.bound, Choice)
            assert set(present) <= set(rule.bound.texts)


def test_many_categories_promise_none() -> None:
    few = columns(c=pl.Series([f"c{i % MOST_CATEGORIES}" for i in range(1_000)]))
    many = columns(c=pl.Series([f"c{i % (MOST_CATEGORIES + 1)}" for i in range(1_000)]))
    rare = columns(c=pl.Series([f"c{i % 40}" for i in range(80)]))

    found = [infer(each, "y").features[0].categories for each in (few, many, rare)]

    assert found == [tuple(sorted(f"c{i}" for i in range(50))), None, None]
