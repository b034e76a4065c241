"""Which values of a column are tried in place of a row's own."""

from __future__ import annotations

import math

import polars as pl
import pytest

from mlwright.data.records import Column, FeatureContract, Kind
from mlwright.flows.otherwise import _numbers

COLUMN = Column("x", Kind.FLOAT)


def promise(low: float, high: float) -> FeatureContract:
    return FeatureContract("x", Kind.FLOAT, True, low, high, None)


def test_of_the_largest_numbers_the_deviation_is_how_far_two_usually_lie_apart() -> None:
    ends = -1.7e308, 1.7e308

    found = _numbers(COLUMN, promise(*ends), pl.Series(ends * 5))

    assert found is not None
    assert (found.low, found.high, found.spread) == pytest.approx((*ends, 1.7e308))


def test_no_infinite_value_is_tried_and_none_bounds_the_others() -> None:
    infinite = promise(-math.inf, math.inf)

    found = _numbers(COLUMN, infinite, pl.Series([-math.inf, 1.0, 3.0, math.inf]))

    assert found is not None
    assert (found.values, found.low, found.high, found.spread) == ((1.0,), 1.0, 3.0, 1.0)
    assert _numbers(COLUMN, infinite, pl.Series([math.inf, math.nan])) is None
