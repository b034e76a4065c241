"""A plan takes its cells from the row in the order of the steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.data.table import Table
from mlwright.features.catalogue import transform_row
from mlwright.features.prepare import Recipe, fit
from mlwright.scoring.plan import compile_features
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]


@pytest.mark.parametrize("recipe", ["tree", "linear"])
@pytest.mark.parametrize("left_out", [(), ("born", "seen", "colour"), ("number",)])
def test_compiled_features_are_those_of_the_preparation(
    fitted: Fit, recipe: Recipe, left_out: tuple[str, ...]
) -> None:
    frame = fitted("mixed", "dummy")[1].frame.drop("y")
    preparation = fit(frame, columns_of(frame), recipe, left_out)
    features = compile_features(preparation)

    for row in frame.iter_rows(named=True):
        expected = np.array(transform_row(preparation, row))
        assert np.array(features(row)).tobytes() == expected.tobytes()


def test_a_preparation_of_one_column_reads_that_column(fitted: Fit) -> None:
    frame = fitted("mixed", "dummy")[1].frame.select("count")
    features = compile_features(fit(frame, columns_of(frame), "tree"))

    assert features({"count": 4, "other": "x"}) == [4.0]
    with pytest.raises(DataError, match="column-missing"):
        features({"other": "x"})
