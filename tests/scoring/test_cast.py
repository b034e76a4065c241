"""A cell is exact or refused; what is missing or too much in a row is told."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from mlwright.core.errors import DataError
from mlwright.data.records import Column, Kind
from mlwright.scoring.cast import cast_row, cast_value, ignored

INPUTS = (Column("age", Kind.INTEGER), Column("plan", Kind.STRING))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.BOOLEAN, True, True),
        (Kind.BOOLEAN, np.False_, False),
        (Kind.INTEGER, 3, 3),
        (Kind.INTEGER, 3.0, 3),
        (Kind.INTEGER, -0.0, 0),
        (Kind.INTEGER, np.int8(-3), -3),
        (Kind.INTEGER, 2**63 - 1, 2**63 - 1),
        (Kind.INTEGER, float(-(2**63)), -(2**63)),
        (Kind.FLOAT, 3, 3.0),
        (Kind.FLOAT, 2**200, 2.0**200),
        (Kind.FLOAT, np.float32(0.1), float(np.float32(0.1))),
        (Kind.FLOAT, math.inf, math.inf),
        (Kind.STRING, "1", "1"),
        (Kind.STRING, np.str_("a"), "a"),
        (Kind.DATE, "2024-02-29", date(2024, 2, 29)),
        (Kind.DATE, datetime(2024, 2, 29), date(2024, 2, 29)),
        (Kind.DATE, np.datetime64("2024-02-29"), date(2024, 2, 29)),
        (Kind.DATETIME, date(2024, 2, 29), datetime(2024, 2, 29)),
        (Kind.DATETIME, "2024-02-29T08:30", datetime(2024, 2, 29, 8, 30)),
        (Kind.DATETIME, "2024-02-29T08:30Z", datetime(2024, 2, 29, 8, 30)),
        (
            Kind.DATETIME,
            datetime(2024, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2024, 2, 29, 23),
        ),
    ],
)
def test_an_exact_value_is_taken(kind: Kind, value: object, expected: object) -> None:
    found = cast_value(value, Column("c", kind))

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("value", [None, math.nan, np.float64("nan"), np.datetime64("NaT")])
def test_a_missing_value_of_any_kind_is_none(kind: Kind, value: object) -> None:
    assert cast_value(value, Column("c", kind)) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BOOLEAN, 1),
        (Kind.BOOLEAN, "true"),
        (Kind.INTEGER, "3"),
        (Kind.INTEGER, 3.5),
        (Kind.INTEGER, True),
        (Kind.INTEGER, 2**63),
        (Kind.INTEGER, float(2**63)),
        (Kind.INTEGER, 1e308),
        (Kind.INTEGER, math.inf),
        (Kind.FLOAT, "3.5"),
        (Kind.FLOAT, True),
        (Kind.FLOAT, 10**400),
        (Kind.STRING, 5),
        (Kind.STRING, b"5"),
        (Kind.STRING, ["a"]),
        (Kind.DATE, "2024-02-30"),
        (Kind.DATE, "29.02.2024"),
        (Kind.DATE, "2024-02-29T00:00:01"),
        (Kind.DATE, 20240229),
        (Kind.DATETIME, "yesterday"),
        (Kind.DATETIME, "0001-01-01T00:00+05:00"),
    ],
)
def test_a_value_that_would_be_altered_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(DataError) as refused:
        cast_value(value, Column("c", kind))

    assert refused.value.code == "value-kind"
    assert repr(value)[:60] in refused.value.message
    assert "'c'" in refused.value.message


def test_a_missing_column_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(DataError) as refused:
        cast_row({"agee": 3, "plan": "a"}, INPUTS)

    assert refused.value.code == "column-missing"
    assert refused.value.facts == {"missing": ["age"], "nearest": "agee"}


def test_columns_beyond_the_signature_are_left_out_and_told() -> None:
    row = {"shoe": 43, "plan": "a", "age": 3, "hat": None}

    assert cast_row(row, INPUTS) == (3, "a")
    assert ignored(row, INPUTS) == ("shoe", "hat")


def test_a_time_with_an_offset_is_the_same_instant_in_utc() -> None:
    instant = datetime(2026, 7, 1, 12, tzinfo=UTC)

    found = cast_value(instant.isoformat(), Column("c", Kind.DATETIME))

    assert found == instant.replace(tzinfo=None)
