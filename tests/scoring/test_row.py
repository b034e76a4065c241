"""A row's features are those of the steps, cell for cell, whichever way they are made."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of
from mlwright.features.catalogue import transform_row
from mlwright.features.prepare import fit
from mlwright.features.records import Preparation
from mlwright.features.truth import Truth
from mlwright.scoring.cast import cast_row
from mlwright.scoring.row import compile_features
from mlwright.train.blend import union_of

RECIPES = ("binned", "tree", "linear", "rich")
ODD: dict[str, list[object]] = {
    "a": [None, math.nan, 0, 3, -0.0, 1e300, -1e300, 2**62, math.inf, -math.inf],
    "b": [None, 7.5, 12],
    "n": [None, 4.0, 0, -(2**63), 2**63 - 1],
    "t": [None, "t1", "new", "", "t1 ", "\x1f"],
    "u": [None, "u0", "other"],
    "f": [None, True, False],
    "d": [None, "2026-03-01", "2026-03-01T00:00:00", "1999-12-31"],
}
WRONG = {"a": "x", "n": 1.5, "t": 3, "f": 1, "d": "soon"}


def _table() -> pl.DataFrame:
    drawn = np.random.default_rng(5)
    rows = 400
    return pl.DataFrame(
        {
            "a": drawn.normal(size=rows),
            "b": [None if each % 7 == 0 else each / 3 for each in range(rows)],
            "n": drawn.integers(0, 40, rows),
            "t": [f"t{each}" for each in drawn.integers(0, 30, rows)],
            "u": [None if each == 2 else f"u{each}" for each in drawn.integers(0, 4, rows)],
            "f": drawn.random(rows) < 0.3,
            "d": pl.date_range(pl.date(2020, 1, 1), pl.date(2021, 2, 3), eager=True),
        }
    )


@pytest.fixture(scope="module")
def union() -> Preparation:
    """Return one preparation of several recipes, as a blend has it."""
    frame = _table()
    truth = Truth(np.arange(frame.height) % 2.0, 2)
    return union_of([fit(frame, columns_of(frame), r, truth=truth) for r in RECIPES])[0]


def test_each_odd_cell_beside_usual_ones_becomes_what_its_steps_make_of_it(
    union: Preparation,
) -> None:
    features = compile_features(union)
    usual = _table().row(3, named=True)
    usual["d"] = usual["d"].isoformat()

    for row in [usual, *({**usual, name: cell} for name, odd in ODD.items() for cell in odd)]:
        values = cast_row(row, union.inputs)
        names = [column.name for column in union.inputs]
        expected = transform_row(union, dict(zip(names, values, strict=True)))
        assert np.array(features(row)).tobytes() == np.array(expected).tobytes(), row


def test_numbers_at_the_edges_of_bins_are_through_as_many(union: Preparation) -> None:
    frame = _table()
    preparation = fit(frame, columns_of(frame.select("a", "b")), "binned")
    features = compile_features(preparation)

    for step in preparation.steps:
        for edge in step.numbers if step.step == "bins" else ():
            for cell in (math.nextafter(edge, -math.inf), edge, math.nextafter(edge, math.inf)):
                row = {"a": 0.5, "b": 0.5, step.column: cell}
                assert features(row) == list(transform_row(preparation, row))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_cell_is_refused_by_its_column(union: Preparation, name: str) -> None:
    features = compile_features(union)
    usual = {**_table().row(3, named=True), name: WRONG[name]}

    with pytest.raises(DataError, match="value-kind") as raised:
        features(usual)
    assert raised.value.facts["column"] == name
    with pytest.raises(DataError, match="column-missing"):
        features({each: usual[each] for each in usual if each != name})
    with pytest.raises(DataError, match="value-kind"):
        features({**usual, name: ["a list is no cell"]})
