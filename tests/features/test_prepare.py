"""A preparation as a whole: which columns it takes, and that a row equals its table."""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta
from typing import get_args

import numpy as np
import polars as pl
import pytest

from mlwright.core.records import dump, load
from mlwright.data.digests import columns_of
from mlwright.features.catalogue import transform_row
from mlwright.features.prepare import Recipe, fit, transform, transform_training
from mlwright.features.records import Preparation
from mlwright.features.truth import Truth

RECIPES: tuple[Recipe, ...] = get_args(Recipe)
ROWS = 200


TRUTH = Truth(np.arange(ROWS) % 3 / 1.0, 3)


def mixed() -> pl.DataFrame:
    start = datetime(2026, 1, 1)
    return pl.DataFrame(
        {
            "number": [None if i % 7 == 0 else i * 0.1 for i in range(ROWS)],
            "count": [i % 9 for i in range(ROWS)],
            "yes": [i % 3 == 0 for i in range(ROWS)],
            'odd [name] {"ü"},': [["red", "green", None][i % 3] for i in range(ROWS)],
            "born": [date(1980, 1, 1) + timedelta(days=i * 11) for i in range(ROWS)],
            "seen": [start + timedelta(hours=i * 5) for i in range(ROWS)],
            "nothing": pl.Series([None] * ROWS, dtype=pl.Float64),
            "same": ["x"] * ROWS,
            "row": list(range(ROWS)),
            "said": [
                f"{'very ' * (i % 3)}good and useful thing number {i % 100}, {i} of it"
                for i in range(ROWS)
            ],
            "name": [f"customer {i}" for i in range(ROWS)],
        }
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_row_has_the_bits_of_the_table(recipe: Recipe) -> None:
    frame = mixed()
    preparation = fit(frame, columns_of(frame), recipe, time="seen", truth=TRUTH)

    matrix = transform(preparation, frame)

    assert matrix.flags.c_contiguous
    for row, values in zip(matrix, frame.iter_rows(named=True), strict=True):
        outputs = transform_row(preparation, values)
        assert struct.pack(f"{len(row)}d", *row) == struct.pack(f"{len(row)}d", *outputs)


@pytest.mark.parametrize("recipe", RECIPES)
def test_columns_that_teach_nothing_are_dropped_with_the_reason(recipe: Recipe) -> None:
    frame = mixed()

    preparation = fit(frame, columns_of(frame), recipe, ["count"])

    assert dict(preparation.dropped) == {
        "count": "left out on request",
        "nothing": "every value is missing",
        "same": "one value in every row",
        "row": "it counts the rows (distinct integers without large gaps)",
        "name": "nearly every row has a text of its own (200 in 200 rows)",
    }


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_time_column_gives_only_what_comes_round_again(recipe: Recipe) -> None:
    frame = mixed()

    preparation = fit(frame, columns_of(frame), recipe, time="seen")

    assert any(output.startswith("seen:hour") for output in preparation.outputs)
    assert "seen:days" not in preparation.outputs
    assert "born:days" in preparation.outputs


def test_a_time_column_of_one_day_a_year_is_dropped() -> None:
    frame = pl.DataFrame({"when": [date(1990 + i, 1, 1) for i in range(0, 30, 28)] * 5})

    preparation = fit(frame, columns_of(frame), "tree", time="when")

    assert preparation.dropped == (("when", "it only orders the rows in time"),)
    assert transform(preparation, frame).shape == (10, 0)


def test_a_column_called_like_an_output_of_another_keeps_outputs_distinct() -> None:
    frame = pl.DataFrame({"a": [1.0, None, 2.0], "a:missing": [1, 0, 1]})

    preparation = fit(frame, columns_of(frame), "linear")

    assert preparation.outputs == ("a", "a:missing", "a:missing (2)")


def test_one_text_that_is_sometimes_missing_is_kept() -> None:
    frame = pl.DataFrame({"flag": ["yes", None] * 10})

    linear = fit(frame, columns_of(frame), "linear")

    assert linear.outputs == ("flag:missing",)
    assert transform(linear, frame)[:2].tolist() == [[0.0], [1.0]]


def test_a_column_is_read_word_by_word_or_not_as_asked() -> None:
    frame = mixed()
    columns = columns_of(frame)

    usual = steps_by_column(fit(frame, columns, "tree", truth=TRUTH))
    asked = steps_by_column(
        fit(frame, columns, "tree", truth=TRUTH, text=("name", "count"), categories=("said",))
    )

    assert "words" in usual["said"]
    assert "name" not in usual
    assert "lengths" in asked["name"]
    assert "said" not in asked
    assert asked["count"] == usual["count"]  # no texts


def steps_by_column(preparation: Preparation) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in preparation.steps:
        found.setdefault(step.column, set()).add(step.step)
    return found


def test_the_steps_see_only_the_training_rows() -> None:
    frame = mixed()
    training = frame.head(100)

    alone = fit(training, columns_of(training), "linear")

    assert fit(frame.head(100), columns_of(frame), "linear") == alone
    assert fit(frame, columns_of(frame), "linear") != alone


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_preparation_survives_writing_and_reading(recipe: Recipe) -> None:
    preparation = fit(mixed(), columns_of(mixed()), recipe, truth=TRUTH)

    again = load(Preparation, dump(preparation))

    assert again == preparation
    assert np.array_equal(
        transform(again, mixed()), transform(preparation, mixed()), equal_nan=True
    )


def test_what_tells_nothing_still_tells_nothing_of_rows_prepared_from_their_target() -> None:
    drawn = np.random.default_rng(3)
    texts = [str(each) for each in drawn.integers(0, 150, 2_000)]
    frame = pl.DataFrame({"text": texts, "coin": drawn.integers(0, 2, 2_000)})
    truth = Truth(drawn.integers(0, 2, 2_000).astype(float), 2)

    preparation = fit(frame, columns_of(frame), "encoded", truth=truth)
    place = preparation.outputs.index("text:target")
    naive = transform(preparation, frame)[:, place]
    crossed = transform_training(preparation, frame, truth)[:, place]

    assert abs(np.corrcoef(crossed, truth.values)[0, 1]) < 0.06
    assert naive.std() == 0.0 or np.corrcoef(naive, truth.values)[0, 1] > 0.2


def test_a_step_that_reads_no_target_prepares_training_rows_as_all_others() -> None:
    frame = mixed().drop("said")
    preparation = fit(frame, columns_of(frame), "tree", truth=TRUTH)

    training = transform_training(preparation, frame, TRUTH)

    assert np.array_equal(training, transform(preparation, frame), equal_nan=True)


def test_logged_takes_the_logarithm_of_numbers_that_are_skewed_and_not_below_nothing() -> None:
    even = np.linspace(0.0, 1.0, 200)
    frame = pl.DataFrame(
        {
            "skewed": np.exp(6.0 * even),
            "even": even,
            "signed": np.exp(6.0 * even) - 2.0,
            "far": [0.0] * 199 + [50.0],
            "counts": (30.0 * even**4).astype(int),
        }
    )

    preparation = fit(frame, columns_of(frame), "logged")

    steps = {step.column: step.step for step in preparation.steps}
    assert steps == {
        "skewed": "log",
        "even": "scale",
        "signed": "scale",
        "far": "scale",
        "counts": "log",
    }
    logarithms = transform(preparation, frame)[:, 0]
    assert np.allclose(np.diff(logarithms, n=2)[50:], 0.0, atol=1e-3)
    assert np.isclose(logarithms.mean(), 0.0)
