"""Mean answers along a column: every known row is counted, however far apart its values lie."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from mlwright.data.records import Column, Kind
from mlwright.evaluate.explanation.dependence import dependence
from mlwright.stats.counts import FloatArray

FAR = {
    "drawn": (Kind.FLOAT, np.random.default_rng(0).uniform(-1.7, 1.7, 500) * 1e308),
    "few": (Kind.FLOAT, [-1.7e308] * 200 + [1.7e308] * 200 + [float(place) for place in range(20)]),
    "smallest": (Kind.FLOAT, [5e-324, -5e-324, 1e-310] * 50),
    "bits": (Kind.INTEGER, [-(2**63)] * 200 + [2**63 - 1] * 200 + list(range(20))),
    "days": (Kind.DATETIME, [datetime(1, 1, 1), datetime(9999, 12, 31)] * 100),
}


@pytest.mark.parametrize("name", FAR)
def test_values_as_far_apart_as_a_column_can_hold_are_shown_and_counted(name: str) -> None:
    kind, cells = FAR[name]
    seen = pl.DataFrame({name: cells})

    def answers(frame: pl.DataFrame) -> FloatArray:
        return np.arange(frame.height, dtype=np.float64)[:, None]

    found = dependence(Column(name, kind), seen, seen.head(3), answers, ())

    assert found is not None
    assert found.unshown == 0
    assert len(found.levels) >= min(8, seen[name].n_unique())
    assert sum(level.rows for level in found.levels) == seen.height
