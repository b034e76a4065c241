"""Each feature tells the columns it is made of."""

from __future__ import annotations

import numpy as np
import polars as pl

from mlwright.data.digests import columns_of
from mlwright.data.records import Column, Kind
from mlwright.features import lineage as told
from mlwright.features.catalogue import STEPS, WIDE_STEPS
from mlwright.features.lineage import lineage
from mlwright.features.prepare import assembled, fit
from mlwright.features.steps import arithmetic
from mlwright.features.truth import Truth


def test_every_feature_of_a_preparation_has_one_origin_that_names_its_columns() -> None:
    frame = pl.DataFrame({"kind": ["a", "b"] * 50, "size": [float(n) for n in range(100)]})
    made = fit(frame, columns_of(frame), "encoded", truth=Truth(np.arange(100) % 2.0, 2))

    origins = lineage(made)

    assert tuple(f for origin in origins for f in origin.features) == made.outputs
    assert {o.columns for o in origins if "kind:target" in o.features} == {("kind",)}


def test_a_feature_of_two_columns_names_both_and_what_it_makes_of_them() -> None:
    columns = (Column("a", Kind.FLOAT), Column("b", Kind.FLOAT))
    made = assembled("rich", columns, [arithmetic.fit("ratio", columns)], {})

    (origin,) = lineage(made)

    assert (origin.features, origin.columns) == (("a / b",), ("a", "b"))
    assert origin.how == "the ratio of the two"


def test_every_step_of_the_catalogue_is_told_in_words() -> None:
    assert set(told._WORDS) == {*STEPS, *WIDE_STEPS}
