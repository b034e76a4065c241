"""Every step of the catalogue, crossed with every promise steps make."""

from __future__ import annotations

import math
import struct
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.records import dump, load
from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import STEPS
from mlwright.features.records import FittedStep, Value

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
    Kind.STRING: st.sampled_from(["a", "b", "", " ", "ü", "a "]) | st.text(max_size=4),
    Kind.DATE: st.dates(),
    Kind.DATETIME: st.datetimes(min_value=datetime(1, 1, 2)),
}
READS = {
    "passthrough": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "scale": (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT),
    "indicator": tuple(Kind),
    "ordinal": (Kind.STRING,),
    "one_hot": (Kind.STRING,),
    "date_parts": (Kind.DATE, Kind.DATETIME),
    "date_cycle": (Kind.DATE, Kind.DATETIME),
}
CASES = [(name, kind) for name, kinds in READS.items() for kind in kinds]


def fitted(name: str, kind: Kind, values: list[Value]) -> FittedStep:
    return STEPS[name].fit(series(kind, values), Column("c", kind))


def series(kind: Kind, values: list[Value]) -> pl.Series:
    return pl.Series("c", values, dtype=DTYPES[kind])


def bits(numbers: tuple[float, ...]) -> list[bytes]:
    return [struct.pack("<d", number) for number in numbers]


def test_every_step_of_the_catalogue_is_tested_here() -> None:
    assert set(READS) == set(STEPS)


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


@pytest.mark.parametrize("name", ["scale", "one_hot", "indicator", "date_cycle"])
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
