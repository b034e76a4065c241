"""A plan takes its cells from the row in the order of the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import polars as pl
import pytest

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.catalogue import transform_row
from mlwright.features.prepare import Recipe, fit
from mlwright.features.truth import Truth
from mlwright.scoring.plan import compile_columns
from mlwright.scoring.row import compile_features
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]


@pytest.mark.parametrize("recipe", get_args(Recipe))
@pytest.mark.parametrize("left_out", [(), ("born", "seen", "colour"), ("number",)])
def test_compiled_features_are_those_of_the_preparation(
    fitted: Fit, recipe: Recipe, left_out: tuple[str, ...]
) -> None:
    frame = fitted("mixed", "dummy")[1].frame.drop("y")
    truth = Truth(np.arange(frame.height) % 3.0, 3)
    preparation = fit(frame, columns_of(frame), recipe, left_out, truth=truth)
    features = compile_features(preparation)

    together = compile_columns(preparation)(frame.to_dict(as_series=False), frame.height)
    for row, columns in zip(frame.iter_rows(named=True), together, strict=True):
        expected = np.array(transform_row(preparation, row))
        assert np.array(features(row)).tobytes() == expected.tobytes()
        assert columns.tobytes() == expected.tobytes()


@pytest.mark.parametrize("kinds", [["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e", "text"]])
def test_plain_numbers_beside_steps_of_several_features_keep_their_places(kinds: list[str]) -> None:
    drawn = np.random.default_rng(1)
    numbers = {name: drawn.normal(size=60) for name in "abcde"}
    frame = pl.DataFrame({**numbers, "text": [f"t{row % 9}" for row in range(60)]}).select(kinds)
    truth = Truth(np.arange(60) % 3.0, 3)
    preparation = fit(frame, columns_of(frame), "encoded", truth=truth)
    features = compile_features(preparation)

    for row in frame.iter_rows(named=True):
        assert features(row) == list(transform_row(preparation, row))
    with pytest.raises(DataError, match="column-missing"):
        features(dict.fromkeys(kinds[1:], 1.0))


def test_a_preparation_of_one_column_reads_that_column(fitted: Fit) -> None:
    frame = fitted("mixed", "dummy")[1].frame.select("count")
    features = compile_features(fit(frame, columns_of(frame), "tree"))

    assert features({"count": 4, "other": "x"}) == [4.0]
    with pytest.raises(DataError, match="column-missing"):
        features({"other": "x"})
