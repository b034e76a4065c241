"""Every step of the catalogue, crossed with every promise steps make."""

from __future__ import annotations

import math
import struct
from datetime import date, datetime
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.records import dump, load
from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import STEPS, TARGET_STEPS, WIDE_STEPS
from mlwright.features.records import FittedStep, Value
from mlwright.features.steps import arithmetic, elapsed, from_group, target_mean, text_score
from mlwright.features.truth import Truth, crossed

DTYPES: dict[Kind, pl.DataType] = {
    Kind.BOOLEAN: pl.Boolean(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.STRING: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("us"),
}
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.BOOLEAN: st.booleans(),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5),
    Kind.FLOAT: st.floats() | st.sampled_from([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan]),
    Kind.STRING: st.sampled_from(["a", "b", "", " ", "ü", "a b", "B b", "Don't a B"])
    | st.text(max_size=4),
    Kind.DATE: st.dates(),
    Kind.DATETIME: st.datetimes(min_value=datetime(1, 1, 2)),
}
READS = {
    "passthrough": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "scale": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "bins": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "log": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "indicator": tuple(Kind),
    "ordinal": (Kind.STRING,),
    "one_hot": (Kind.STRING,),
    "date_parts": (Kind.DATE, Kind.DATETIME),
    "date_cycle": (Kind.DATE, Kind.DATETIME),
    "frequency": (Kind.STRING,),
    "words": (Kind.STRING,),
    "characters": (Kind.STRING,),
    "lengths": (Kind.STRING,),
}
WIDE: dict[str, tuple[tuple[Kind, ...], ...]] = {
    "elapsed": tuple(product((Kind.DATE, Kind.DATETIME), repeat=2)),
    "arithmetic": ((Kind.FLOAT, Kind.FLOAT), (Kind.INTEGER, Kind.BOOLEAN)),
    "from_group": ((Kind.STRING, Kind.FLOAT), (Kind.BOOLEAN, Kind.INTEGER)),
    "text_score": ((Kind.STRING,),),
    "target_mean": ((Kind.STRING,), (Kind.STRING, Kind.INTEGER, Kind.BOOLEAN)),
}
WIDE_CASES = [(name, kinds) for name, some in WIDE.items() for kinds in some]
CASES = [(name, kind) for name, kinds in READS.items() for kind in kinds]


def fitted(name: str, kind: Kind, values: list[Value]) -> FittedStep:
    return STEPS[name].fit(series(kind, values), Column("c", kind))


def series(kind: Kind, values: list[Value]) -> pl.Series:
    return pl.Series("c", values, dtype=DTYPES[kind])


def columns_of(kinds: tuple[Kind, ...]) -> tuple[Column, ...]:
    return tuple(Column(f"c{place}", kind) for place, kind in enumerate(kinds))


def rows(kinds: tuple[Kind, ...]) -> st.SearchStrategy[list[tuple[Value, ...]]]:
    return st.lists(st.tuples(*(st.none() | VALUES[kind] for kind in kinds)), max_size=20)


def turned(kinds: tuple[Kind, ...], cells: list[tuple[Value, ...]]) -> list[pl.Series]:
    return [series(kind, [row[place] for row in cells]) for place, kind in enumerate(kinds)]


def wide(
    name: str, kinds: tuple[Kind, ...], training: list[tuple[Value, ...]], classes: int
) -> FittedStep:
    """Fit a step of several columns; the target goes round the classes."""
    sources, given = columns_of(kinds), turned(kinds, training)
    if name in TARGET_STEPS:
        y = np.arange(len(training), dtype=np.float64)
        truth = Truth(y % classes if classes else y * 1e3, classes)
        return TARGET_STEPS[name].fit(given, sources, truth)
    if name == "from_group":
        return from_group.fit(given, sources)
    if name == "arithmetic":
        return arithmetic.fit(["ratio", "product", "difference"][classes % 3], sources)
    return elapsed.fit(sources)


def bits(numbers: tuple[float, ...]) -> list[bytes]:
    return [struct.pack("<d", number) for number in numbers]


def test_every_step_of_the_catalogue_is_tested_here() -> None:
    assert set(READS) == set(STEPS)
    assert set(WIDE) == set(WIDE_STEPS)


@pytest.mark.parametrize(("name", "kinds"), WIDE_CASES)
@settings(max_examples=50)
@given(data=st.data())
def test_a_table_and_its_rows_give_the_same_bits_where_a_step_reads_several_columns(
    name: str, kinds: tuple[Kind, ...], data: st.DataObject
) -> None:
    training = data.draw(rows(kinds), label="training")
    step = wide(name, kinds, training, data.draw(st.sampled_from([0, 2, 3])))
    later = data.draw(rows(kinds), label="later") + training[:5]

    table = WIDE_STEPS[name].transform_table(step, turned(kinds, later))

    assert table.shape == (len(later), len(step.outputs))
    assert load(FittedStep, dump(step)) == step
    for row, values in zip(table, later, strict=True):
        assert bits(tuple(row)) == bits(WIDE_STEPS[name].transform_value(step, values))


@pytest.mark.parametrize(("name", "kind"), CASES)
@given(data=st.data())
def test_a_table_and_its_single_values_give_the_same_bits(
    name: str, kind: Kind, data: st.DataObject
) -> None:
    cells = st.lists(st.none() | VALUES[kind], max_size=30)
    step = fitted(name, kind, data.draw(cells, label="training"))
    values = data.draw(cells, label="later")

    table = STEPS[name].transform_table(step, series(kind, values))

    assert table.shape == (len(values), len(step.outputs))
    assert table.dtype == np.float64
    for row, value in zip(table, values, strict=True):
        assert bits(tuple(row)) == bits(STEPS[name].transform_value(step, value))


@pytest.mark.parametrize(("name", "kind"), CASES)
@given(data=st.data())
def test_a_fitted_step_survives_writing_and_reading(
    name: str, kind: Kind, data: st.DataObject
) -> None:
    step = fitted(name, kind, data.draw(st.lists(st.none() | VALUES[kind], max_size=30)))

    assert load(FittedStep, dump(step)) == step


@pytest.mark.parametrize("name", ["scale", "bins", "one_hot", "indicator", "date_cycle"])
@given(data=st.data())
def test_steps_for_linear_models_give_finite_numbers_only(name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(READS[name]))
    cells = st.lists(st.none() | VALUES[kind], max_size=30)
    step = fitted(name, kind, data.draw(cells))

    assert np.isfinite(STEPS[name].transform_table(step, series(kind, data.draw(cells)))).all()


def test_scaled_training_values_have_mean_0_and_deviation_1() -> None:
    step = fitted("scale", Kind.FLOAT, [1.0, 2.0, None, 6.0])

    scaled = STEPS["scale"].transform_table(step, series(Kind.FLOAT, [1.0, 2.0, None, 6.0]))

    assert step.numbers[0] == 2.0
    assert scaled.mean() == pytest.approx(0.0)
    assert scaled.std() == pytest.approx(1.0)


def test_codes_go_by_frequency_and_rare_and_unseen_texts_share_the_last() -> None:
    step = fitted("ordinal", Kind.STRING, ["b", "b", "a", "a", "a", "rare", None])

    codes = [STEPS["ordinal"].transform_value(step, v)[0] for v in ("a", "b", "rare", "never")]

    assert codes == [0.0, 1.0, 2.0, 2.0]
    assert math.isnan(STEPS["ordinal"].transform_value(step, None)[0])


def test_ties_in_frequency_are_broken_by_text_whatever_the_order_of_rows() -> None:
    one = fitted("ordinal", Kind.STRING, ["b", "a", "b", "a"])
    other = fitted("ordinal", Kind.STRING, ["a", "a", "b", "b"])

    assert one == other


def test_a_missing_category_is_0_in_every_one_hot_output() -> None:
    step = fitted("one_hot", Kind.STRING, ["a", "a", "b", "b", "c"])

    assert step.outputs == ("c=a", "c=b", "c:other")
    assert STEPS["one_hot"].transform_value(step, "b") == (0.0, 1.0, 0.0)
    assert STEPS["one_hot"].transform_value(step, "never") == (0.0, 0.0, 1.0)
    assert STEPS["one_hot"].transform_value(step, None) == (0.0, 0.0, 0.0)


def test_a_date_gives_only_the_parts_that_vary() -> None:
    step = fitted("date_parts", Kind.DATE, [date(2026, 1, 1), date(2026, 1, 8)])

    assert step.outputs == ("c:days", "c:day_of_year")


def test_the_ends_of_a_cycle_are_neighbours() -> None:
    hours = [datetime(2026, 1, 1, hour) for hour in range(24)]
    step = fitted("date_cycle", Kind.DATETIME, list(hours))

    late, midnight, noon = (
        np.array(STEPS["date_cycle"].transform_value(step, hours[hour])) for hour in (23, 0, 12)
    )

    assert np.linalg.norm(late - midnight) < np.linalg.norm(noon - midnight)


def test_two_numbers_whose_sum_is_beyond_a_float_have_a_median_between_them() -> None:
    low, high = 8.988465674311579e307, 8.98846567431158e307
    column = Column("a", Kind.FLOAT)

    step = STEPS["scale"].fit(pl.Series("a", [low, high]), column)

    median, mean, _ = step.numbers
    assert low <= median <= high
    assert low <= mean <= high


def encoded(texts: list[Value], y: list[float], classes: int = 2) -> FittedStep:
    truth = Truth(np.array(y), classes)
    return target_mean.fit([series(Kind.STRING, texts)], [Column("c", Kind.STRING)], truth)


def test_a_category_of_many_rows_keeps_its_own_mean_and_an_unseen_one_has_that_of_all() -> None:
    step = encoded(["a"] * 500 + ["b"] * 500, [1.0] * 450 + [0.0] * 550)

    means = {text: target_mean.transform_value(step, [text])[0] for text in ("a", "b", "never")}

    assert means["a"] == pytest.approx(0.9, abs=0.01)
    assert means["b"] == pytest.approx(0.0, abs=0.01)
    assert means["never"] == pytest.approx(0.45)


def test_categories_that_tell_nothing_of_the_target_have_one_mean() -> None:
    step = encoded([str(place % 50) for place in range(100)], [0.0, 1.0, 1.0, 0.0] * 25)

    assert len({target_mean.transform_value(step, [str(place)]) for place in range(50)}) == 1


def test_values_whose_sum_is_beyond_a_float_have_means_between_them() -> None:
    step = encoded(["a", "a", "b", "b"], [1.7e308, 1.6e308, 1.5e308, 1.5e308], classes=0)

    for text in ("a", "b", "never"):
        assert 1.5e308 <= target_mean.transform_value(step, [text])[0] <= 1.7e308


@pytest.mark.parametrize("ordered", [False, True])
def test_each_training_row_is_prepared_once_by_rows_that_are_not_it(ordered: bool) -> None:
    truth = Truth(np.zeros(103), 2, ordered)

    rounds = crossed(truth)

    prepared = np.concatenate([places for _, places in rounds])
    assert sorted(prepared) == list(range(103))
    assert all(not set(learning) & set(places) for learning, places in rounds)
    assert all(10 <= len(places) <= 32 for _, places in rounds)
    if ordered:
        assert all(np.ptp(places) == len(places) - 1 for _, places in rounds)


@pytest.mark.parametrize("ordered", [False, True])
def test_no_unit_is_learned_from_where_one_of_its_rows_is_prepared(*, ordered: bool) -> None:
    drawn = np.random.default_rng(4)
    units = np.repeat(np.arange(60), 5) if ordered else drawn.integers(0, 60, 300)
    truth = Truth(drawn.normal(size=300), 0, ordered, units)

    rounds = crossed(truth)

    assert sorted(np.concatenate([prepared for _, prepared in rounds])) == list(range(300))
    for learning, prepared in rounds:
        assert len(learning) > 200
        assert set(units[learning]).isdisjoint(units[prepared])
    two = crossed(Truth(np.zeros(6), 0, units=np.array([7, 7, 9, 9, 9, 7])))
    assert all(len(learning) for learning, _ in two)
    one = crossed(Truth(np.zeros(10), 0, ordered=True, units=np.zeros(10, dtype=np.intp)))
    assert all(len(learning) for learning, _ in one)


def test_the_time_between_a_day_and_a_moment_counts_parts_of_days() -> None:
    step = elapsed.fit(columns_of((Kind.DATE, Kind.DATETIME)))

    days = elapsed.transform_value(step, [date(2026, 1, 1), datetime(2026, 1, 3, 12)])

    assert step.outputs == ("c0 to c1:days",)
    assert days == (2.5,)


def test_the_share_of_a_text_is_that_of_the_training_rows() -> None:
    step = fitted("frequency", Kind.STRING, ["a", "a", "b", None])

    shares = [STEPS["frequency"].transform_value(step, text)[0] for text in ("a", "b", "never")]

    assert shares == [0.5, 0.0, 0.0]


def test_rare_words_weigh_more_and_a_text_of_none_is_0() -> None:
    step = fitted("words", Kind.STRING, ["free prize now", "free lunch", "free prize", "a b", None])

    assert step.outputs == ("c:words:free", "c:words:free prize", "c:words:prize")
    free, both, prize = STEPS["words"].transform_value(step, "FREE prize")
    assert free < prize == both
    assert free**2 + prize**2 + both**2 == pytest.approx(1.0)
    assert STEPS["words"].transform_value(step, "nothing of that") == (0.0, 0.0, 0.0)


def test_a_text_tells_its_length_and_what_it_is_made_of() -> None:
    step = fitted("lengths", Kind.STRING, [])

    assert STEPS["lengths"].transform_value(step, "AB c 12!!") == (9.0, 3.0, 2 / 9, 2 / 9, 2 / 9)


def test_what_texts_say_of_the_target_is_learned_and_chance_is_not_learned_by_heart() -> None:
    drawn = np.random.default_rng(4)
    good = drawn.integers(0, 2, 600)
    noise = drawn.integers(0, 2_000, (600, 6))
    texts = [
        ("great " if yes else "awful ") + " ".join(f"w{n}" for n in some)
        for yes, some in zip(good, noise, strict=True)
    ]
    coin = Truth(drawn.integers(0, 2, 600).astype(float), 2)
    column, given = [Column("c", Kind.STRING)], [series(Kind.STRING, list(texts))]

    told = text_score.fit(given, column, Truth(good.astype(float), 2))
    tossed = text_score.fit(given, column, coin)

    (yes,), (no,) = (text_score.transform_value(told, [text]) for text in ("great", "awful"))
    assert yes > 0.7
    assert no < 0.3
    by_heart = text_score.transform_table(tossed, given)[:, 0]
    honest = text_score.transform_training(tossed, given, coin)[:, 0]
    assert np.corrcoef(by_heart, coin.values)[0, 1] > 0.5
    assert abs(np.corrcoef(honest, coin.values)[0, 1]) < 0.15


def test_a_number_is_through_the_bins_before_it_and_part_of_the_way_through_its_own() -> None:
    step = fitted("bins", Kind.FLOAT, [float(number) for number in range(101)])

    through = [STEPS["bins"].transform_value(step, number) for number in (-5.0, 37.5, 1e9, None)]

    assert step.numbers == (0.0, 25.0, 50.0, 75.0, 100.0)
    assert through[0] == through[3] == (0.0, 0.0, 0.0, 0.0)
    assert through[1] == (1.0, 0.5, 0.0, 0.0)
    assert through[2] == (1.0, 1.0, 1.0, 1.0)


def test_a_bin_wider_than_a_float_can_tell_is_gone_through_all_the_same() -> None:
    step = fitted("bins", Kind.FLOAT, [-1.5e308, 1.5e308])

    assert STEPS["bins"].transform_value(step, 0.0) == (0.5,)
