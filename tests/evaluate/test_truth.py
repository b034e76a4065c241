from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlwright.data.table import Table
from mlwright.evaluate.truth import groups_of, judgeable, units_of
from mlwright.train.records import Task, TaskKind

BINARY = Task(TaskKind.BINARY, "y", ("no", "yes"), "auc", "")


def table(**columns: list[object]) -> Table:
    frame = pl.DataFrame(columns)
    return Table(frame, pl.Series("row_id", [f"r{index}" for index in range(frame.height)]))


def test_rows_without_a_truth_are_left_out_and_counted_by_reason() -> None:
    rows = table(y=["no", None, "yes", "maybe"])

    found = judgeable(rows, BINARY)

    assert found.y.tolist() == [0.0, 1.0]
    assert found.table.row_ids.to_list() == ["r0", "r2"]
    assert found.left_out == {"y is missing": 1, "y is no class of the training rows": 1}


def test_a_table_with_every_truth_leaves_nothing_out() -> None:
    task = Task(TaskKind.REGRESSION, "y", (), "rmse", "")

    found = judgeable(table(y=[1, 2, 3]), task)

    assert found.y.tolist() == [1.0, 2.0, 3.0]
    assert found.left_out == {}


def test_rows_of_one_household_are_a_unit_and_rows_without_one_are_their_own() -> None:
    rows = table(house=["b", "a", None, "b", None])

    found = units_of(rows, "house")

    assert found.tolist() == [0, 1, 2, 0, 3]


def test_equal_rows_without_a_key_are_a_unit() -> None:
    digest = "0123456789abcdef" * 2
    rows = table(x=[1, 1, 2, 3])
    rows = Table(rows.frame, pl.Series([digest, f"{digest}-1", "0" * 32, "a key"]))

    found = units_of(rows, None)

    assert found.tolist() == [0, 0, 1, 2]


def test_groups_are_a_columns_values_with_those_missing_last() -> None:
    found = groups_of(pl.Series(["m", None, "f", "m"]))

    assert found.names == ("f", "m", "missing")
    assert found.codes.tolist() == [1, 2, 0, 1]


@pytest.mark.parametrize("values", [[True, False, True], [1, 0, 1], [1.0, 0.0, 1.0]])
def test_a_column_of_few_values_is_compared_value_by_value(values: list[object]) -> None:
    found = groups_of(pl.Series(values))

    assert len(found.names) == 2
    assert found.codes[0] == found.codes[2] != found.codes[1]


def test_a_column_of_many_numbers_is_compared_in_four_bands_of_about_equal_count() -> None:
    found = groups_of(pl.Series([*range(100), None]))

    assert found.names == ("up to 24", "over 24 up to 49", "over 49 up to 74", "over 74", "missing")
    assert np.bincount(found.codes).tolist() == [25, 25, 25, 25, 1]


def test_bands_that_would_hold_nothing_are_not_made() -> None:
    found = groups_of(pl.Series([0] * 90 + list(range(11))))

    assert found.names == ("up to 0", "over 0")
