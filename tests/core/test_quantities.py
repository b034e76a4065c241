"""Quantities: a number and its unit, read exactly and written shortest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.quantities import (
    UNITS,
    Quantity,
    Unit,
    format_quantity,
    parse_quantity,
    pattern,
    scale,
    written,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
QUANTITIES = st.sampled_from(Quantity)
NEARLY = st.from_regex(r"\A[0-9. ]{0,4}[eE+-]{0,2}[0-9]{0,2} ?[%a-zA-Z]{0,3}\Z")


@given(FINITE, st.none() | st.sampled_from(list(UNITS.values())))
def test_a_number_written_in_a_unit_is_read_back_to_the_bit(
    value: float, unit: Unit | None
) -> None:
    text = written(value, unit)

    assert scale(text, unit) == value
    assert written(scale(text, unit), unit) == text


@given(st.integers(min_value=0, max_value=10_000))
def test_a_percentage_is_the_float_nearest_to_it(hundredths: int) -> None:
    text = f"{hundredths // 100}.{hundredths % 100:02}%"

    assert parse_quantity(text, Quantity.SHARE) == float(f"{hundredths}e-4")


@given(FINITE.map(abs), QUANTITIES)
def test_a_formatted_quantity_is_read_back_to_the_bit(value: float, quantity: Quantity) -> None:
    assert parse_quantity(format_quantity(value, quantity), quantity) == value


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("30s", Quantity.DURATION, 30.0),
        ("10m", Quantity.DURATION, 600.0),
        ("1h", Quantity.DURATION, 3600.0),
        (" 1.5 h ", Quantity.DURATION, 5400.0),
        ("20ms", Quantity.DURATION, 0.02),
        ("7y", Quantity.DURATION, 7 * 365.25 * 86400),
        ("0s", Quantity.DURATION, 0.0),
        ("5%", Quantity.SHARE, 0.05),
        ("57%", Quantity.SHARE, 0.57),
        (".5", Quantity.SHARE, 0.5),
        ("1e-3", Quantity.SHARE, 0.001),
        ("20 MB", Quantity.SIZE, 20e6),
    ],
)
def test_a_quantity_is_read_in_base_units(text: str, quantity: Quantity, value: float) -> None:
    assert parse_quantity(text, quantity) == value


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("", Quantity.DURATION),
        ("10", Quantity.DURATION),
        ("m", Quantity.DURATION),
        ("-1s", Quantity.DURATION),
        ("1 M", Quantity.DURATION),
        ("1h30m", Quantity.DURATION),
        ("10 parsecs", Quantity.DURATION),
        ("5%", Quantity.DURATION),
        ("5s", Quantity.SHARE),
        ("nan", Quantity.SHARE),
        ("inf%", Quantity.SHARE),
        ("1e999", Quantity.SHARE),
        ("٣%", Quantity.SHARE),
        ("1" * 41, Quantity.SHARE),
        ("1,5%", Quantity.SHARE),
        ("20", Quantity.SIZE),
        ("20mb", Quantity.SIZE),
    ],
)
def test_what_is_no_such_quantity_is_refused(text: str, quantity: Quantity) -> None:
    with pytest.raises(ValueError):
        parse_quantity(text, quantity)


@given(st.text() | NEARLY, QUANTITIES)
def test_reading_agrees_with_the_pattern_and_raises_nothing_but_value_errors(
    text: str, quantity: Quantity
) -> None:
    matches = re.fullmatch(pattern(quantity), text) is not None
    try:
        parse_quantity(text, quantity)
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""

    assert matches == (not refused or "too large" in refused)
