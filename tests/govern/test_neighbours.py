"""How far rows are apart in the space a model sees: numbers in deviations, the rest 0 or 1."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from mlwright.data.digests import columns_of
from mlwright.features.catalogue import transform_row
from mlwright.features.prepare import Recipe, fit, transform
from mlwright.govern.neighbours import distances

FRAME = pl.DataFrame(
    {
        "number": [1.0, 2.0, 3.0, None, 10.0, 2.0],
        "colour": ["red", "red", "blue", "blue", None, "red"],
        "member": [True, False, True, None, False, True],
        "born": [date(2000, 1, 1), date(2000, 6, 1), date(2001, 2, 1), None, date(1990, 5, 5),
                 date(2000, 1, 1)],
    }
)  # fmt: skip


@pytest.mark.parametrize("recipe", ["tree", "linear"])
def test_a_row_is_at_no_distance_from_itself_and_only_from_its_like(recipe: Recipe) -> None:
    preparation = fit(FRAME, columns_of(FRAME), recipe)

    for place, row in enumerate(FRAME.iter_rows(named=True)):
        apart, _ = distances(preparation, FRAME, transform_row(preparation, row))

        assert apart[place] == 0.0
        assert (apart == 0.0).sum() == 1
        assert np.isfinite(apart).all()


def test_a_number_counts_in_deviations_and_what_is_missing_counts_one() -> None:
    frame = FRAME.select("number")
    preparation = fit(frame, columns_of(frame), "tree")
    deviation = float(np.std([1.0, 2.0, 3.0, 10.0, 2.0]))

    from_two, means = distances(preparation, frame, [2.0])
    from_missing, _ = distances(preparation, frame, [math.nan])

    expected = [1 / deviation, 0, 1 / deviation, 1, 8 / deviation, 0]
    assert from_two.tolist() == pytest.approx(expected)
    assert from_missing.tolist() == [1, 1, 1, 0, 1, 1]
    assert means.tolist() == [3.0]


@pytest.mark.parametrize("recipe", ["tree", "linear"])
def test_another_category_is_one_away_however_it_is_prepared(recipe: Recipe) -> None:
    frame = FRAME.select("colour").drop_nulls()
    preparation = fit(frame, columns_of(frame), recipe)

    apart, means = distances(preparation, frame, transform_row(preparation, {"colour": "red"}))

    assert apart.tolist() == [0, 0, 1, 1, 0]
    assert means.tolist() == transform(preparation, frame).mean(axis=0).tolist()


def test_infinite_cells_are_far_from_all_but_their_like() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, math.inf, -math.inf]})
    preparation = fit(frame, columns_of(frame), "tree")

    apart, means = distances(preparation, frame, [math.inf])

    assert apart[2] == 0.0
    assert (apart[[0, 1, 3]] > 0).all()
    assert means.tolist() == [0.75]


def test_the_largest_numbers_of_either_sign_are_two_deviations_apart() -> None:
    frame = pl.DataFrame({"x": [1.7e308, -1.7e308] * 5})
    preparation = fit(frame, columns_of(frame), "tree")

    apart, means = distances(preparation, frame, [1.7e308])

    assert apart.tolist() == pytest.approx([0.0, 2.0] * 5)
    assert means.tolist() == [0.0]


def test_a_number_far_beyond_a_column_that_hardly_varies_is_infinitely_far() -> None:
    frame = pl.DataFrame({"x": [0.0, 1e-150] * 5})
    preparation = fit(frame, columns_of(frame), "tree")

    apart, _ = distances(preparation, frame, [1e300])

    assert apart.tolist() == [math.inf] * 10
