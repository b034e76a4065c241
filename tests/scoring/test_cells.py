"""A compiled cell gives the bits of its step, for whatever a caller may send."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.records import Column, Kind
from mlwright.data.table import Table
from mlwright.features.catalogue import STEPS, WIDE_STEPS
from mlwright.features.prepare import Recipe, fit
from mlwright.features.records import FittedStep
from mlwright.features.steps import arithmetic, from_group, target_mean
from mlwright.features.truth import Truth
from mlwright.scoring.cast import cast_value
from mlwright.scoring.cells import compile_many, compile_one, compile_wide
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-100, 100),
    st.integers(-(2**65), 2**65),
    st.integers(-100, 100).map(float),
    st.sampled_from(["red", "green", "", "ü€", "unseen", "2020-05-06", "1991-01-01T05:06:07Z"]),
    st.text(max_size=3),
    st.sampled_from(["what others said", "It is t3 and others", "to to to", "  "]),
    st.dates(),
    st.datetimes(),
)


@pytest.fixture(scope="module")
def steps(fitted: Fit) -> list[FittedStep]:
    frame = fitted("mixed", "dummy")[1].frame.drop("y")
    truth = Truth(np.arange(frame.height) % 2.0, 2)
    # A text that is rare enough to be told from others by its share.
    said = [f"this is what {row} said to {row % 90} and others" for row in range(frame.height)]
    town = [f"t{row % 40}" for row in range(frame.height)]
    frame = frame.with_columns(town=pl.Series(town), said=pl.Series(said))
    found = [
        step
        for recipe in get_args(Recipe)
        for step in fit(frame, columns_of(frame), recipe, truth=truth).steps
    ]
    pair = [Column(name, Kind.STRING) for name in ("colour", "town")]
    numbers = (Column("number", Kind.FLOAT), Column("count", Kind.INTEGER))
    return [
        *found,
        target_mean.fit([frame["colour"], frame["town"]], pair, truth),
        STEPS["characters"].fit(frame["town"], pair[1]),
        *(STEPS["log"].fit(frame[number.name], number) for number in numbers),
        *(arithmetic.fit(name, numbers) for name in ("ratio", "product", "difference")),
        from_group.fit([frame["town"], frame["number"]], (pair[1], numbers[0])),
    ]


def bits(outputs: tuple[float, ...]) -> bytes:
    return struct.pack(f"{len(outputs)}d", *outputs)


@settings(max_examples=300)
@given(value=VALUES)
def test_a_compiled_cell_gives_the_bits_of_its_step_or_refuses_alike(
    steps: list[FittedStep], value: object
) -> None:
    for step in steps:
        if step.step in WIDE_STEPS:
            continue
        compiled = compile_many(step)
        try:
            cast = cast_value(value, Column(step.column, step.kind))
        except DataError:
            with pytest.raises(DataError):
                compiled(value)
            continue
        expected = STEPS[step.step].transform_value(step, cast)

        assert bits(compiled(value)) == bits(expected)
        if len(expected) == 1:
            assert bits((compile_one(step)(value),)) == bits(expected)


def test_every_step_of_the_catalogue_is_tried(steps: list[FittedStep]) -> None:
    assert {step.step for step in steps} == {*STEPS, *WIDE_STEPS}


@settings(max_examples=200)
@given(values=st.tuples(VALUES, VALUES))
def test_compiled_cells_of_several_columns_give_the_bits_of_their_step_or_refuse_alike(
    steps: list[FittedStep], values: tuple[object, object]
) -> None:
    for step in steps:
        if step.step not in WIDE_STEPS:
            continue
        compiled, given = compile_wide(step), values[: len(step.sources)]
        try:
            cast = [cast_value(v, column) for v, column in zip(given, step.sources, strict=True)]
        except DataError:
            with pytest.raises(DataError):
                compiled(given)
            continue

        assert bits(compiled(given)) == bits(WIDE_STEPS[step.step].transform_value(step, cast))


@pytest.mark.parametrize(
    "numbers",
    [(0.0, 0.0, 1.0), (1e308, 1e308, 1e300), (0.5, -1e308, 1e308), (3.0, 2.0, 5e-324)],
)
@given(value=st.one_of(st.floats(), st.integers(-(2**70), 2**70)))
def test_a_scaled_cell_keeps_its_bits_whatever_its_spread(
    numbers: tuple[float, ...], value: float
) -> None:
    column = Column("c", Kind.FLOAT)
    step = FittedStep("scale", "c", Kind.FLOAT, ("c",), numbers, ())

    expected = STEPS["scale"].transform_value(step, cast_value(value, column))

    assert bits((compile_one(step)(value),)) == bits(expected)
