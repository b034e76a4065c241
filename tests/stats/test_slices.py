"""Flips on purpose in one slice show in its label rate, where no model contradicts them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.data.labels.slicing import moved_rates, sliced
from mlwright.data.table import Table
from mlwright.stats.slices import SlicedColumn, shifted_slices


def named(frame: pl.DataFrame, prefix: str) -> Table:
    return Table(frame, pl.Series("row_id", [f"{prefix}{i}" for i in range(frame.height)]))


@pytest.fixture(scope="module")
def halves(dataset: Callable[[str], Path]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Churn, cut by chance into what was there before and what came since."""
    frame = pl.read_csv(dataset("churn"), null_values=" ").sample(fraction=1, shuffle=True, seed=4)
    return frame[:4_500], frame[4_500:]


def test_parts_of_a_clean_table_have_no_odd_slice(
    halves: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    before, since = halves

    compared, found = moved_rates(named(before, "a"), named(since, "b"), "Churn", ("No", "Yes"))

    assert (compared, found) == (since.height, ())


@pytest.mark.parametrize(
    "where",
    [
        {"Contract": "Month-to-month", "InternetService": "DSL"},
        {"PaymentMethod": "Electronic check", "gender": "Female"},
        {"PaymentMethod": "Electronic check"},
    ],
)
def test_a_poisoned_slice_is_named_first(
    where: dict[str, str], halves: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    before, since = halves
    inside = pl.all_horizontal(pl.col(name) == value for name, value in where.items())
    flipped = since.with_columns(Churn=pl.when(inside).then(pl.lit("No")).otherwise("Churn"))

    _, found = moved_rates(named(before, "a"), named(flipped, "b"), "Churn", ("No", "Yes"))

    label, worst = found[0]
    assert label == "Yes"
    assert where.items() <= dict(worst.where).items()  # it, or the part of it that shows most
    assert worst.rate == 0.0 < worst.expected


def test_only_rows_that_came_since_are_compared(
    halves: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    before, since = halves
    inside = pl.col("Contract") == "Two year"
    flipped = since.with_columns(Churn=pl.when(inside).then(pl.lit("Yes")).otherwise("Churn"))
    earlier = named(before, "a")
    later = Table(
        pl.concat([before, flipped]),
        pl.concat([earlier.row_ids, named(flipped, "b").row_ids]),
    )

    compared, found = moved_rates(earlier, later, "Churn", ("No", "Yes"))

    assert compared == since.height
    assert dict(found[0][1].where) == {"Contract": "Two year"}
    assert found[0][1].rate == 1.0


def test_the_chance_is_that_of_pearsons_test() -> None:
    column = SlicedColumn("city", np.zeros(300, np.intp), ("Oslo",))
    later = np.arange(300) >= 200
    labelled = (np.arange(300) % 4 == 0) | later

    (found, *_) = shifted_slices([column], labelled, later)

    # 50 of 200 before, 100 of 100 now: chi-squared by hand.
    score = (1.0 - 0.25) / math.sqrt(0.5 * 0.5 * (1 / 200 + 1 / 100))
    assert found.chance == pytest.approx(math.erfc(score / math.sqrt(2)))
    assert (found.rows, found.rate, found.expected) == (100, 1.0, 0.25)


def test_slices_of_fewer_than_thirty_rows_and_columns_that_name_rows_are_not_tested() -> None:
    frame = pl.DataFrame(
        {"name": [f"n{i}" for i in range(400)], "few": [1.0, None] * 200, "left": ["no"] * 400}
    )

    columns = {column.name: column for column in sliced(frame, "left", 400)}

    assert set(columns) == {"few"}
    assert columns["few"].codes.tolist()[:2] == [0, -1]
    later = np.arange(400) >= 375
    assert shifted_slices(list(columns.values()), later, later) == []
