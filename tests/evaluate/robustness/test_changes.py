from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from mlwright.data.digests import columns_of
from mlwright.data.promises import breach_of
from mlwright.data.records import Contract, FeatureContract, Kind
from mlwright.evaluate.robustness.changes.catalogue import WAYS
from mlwright.evaluate.robustness.changes.noise import WIDTH
from mlwright.evaluate.robustness.noticing import noticed
from mlwright.evaluate.robustness.records import WAYS as TOLD
from mlwright.evaluate.robustness.subject import Subject
from mlwright.train.records import Task, TaskKind

ROWS = 200
NOTHING = Contract((), ())


def table(seed: int = 0) -> pl.DataFrame:
    """A column of each kind, with empty cells, repeated values and numbers at the ends."""
    drawn = np.random.default_rng(seed)
    holes = drawn.random(ROWS) < 0.1
    numbers = drawn.normal(size=ROWS)
    numbers[:3] = [np.nan, 1.7e308, -1.7e308]
    whole = drawn.integers(0, 50, ROWS)
    whole[:2] = [2**62, -(2**62)]
    return pl.DataFrame(
        {
            "float": numbers,
            "whole": pl.Series(whole).set(pl.Series(holes), None),
            "mostly nothing": np.where(drawn.random(ROWS) < 0.9, 0.0, drawn.random(ROWS)),
            "text": pl.Series([None if h else "abc"[i % 3] for i, h in enumerate(holes)]),
            "flag": pl.Series(holes),
            "constant": ["x"] * ROWS,
            "day": [date(2026, 1, 1 + i % 28) for i in range(ROWS)],
            "empty": pl.Series([None] * ROWS, dtype=pl.Float64),
        }
    )


def subject(rows: pl.DataFrame, contract: Contract = NOTHING) -> Subject:
    task = Task(TaskKind.BINARY, "y", (0, 1), "auc", "")
    return Subject(
        lambda frame: np.zeros((frame.height, 2)),
        lambda answers: np.argmax(answers, axis=1),
        columns_of(rows),
        contract,
        rows,
        np.zeros(rows.height),
        np.arange(rows.height),
        task,
        1.0,
        seed=0,
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_change_keeps_rows_columns_and_kinds_and_changes_only_what_it_names(way: str) -> None:
    rows = table()

    found = list(WAYS[way].make(subject(rows)))

    assert found
    for column, changed in found:
        assert (changed.schema, changed.height) == (rows.schema, rows.height)
        others = [name for name in rows.columns if name != column]
        if column is not None:
            assert changed.select(others).equals(rows.select(others))


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_makes_the_same_change_whatever_other_columns_there_are(way: str) -> None:
    rows = table()

    first = dict(WAYS[way].make(subject(rows)))
    fewer = dict(WAYS[way].make(subject(rows.select("whole", "text"))))

    for column, changed in fewer.items():
        assert changed.equals(first[column].select("whole", "text"))


def test_noise_moves_numbers_to_values_that_occur_within_its_reach_by_rank() -> None:
    rows = pl.DataFrame({"x": np.random.default_rng(1).permutation(1_000).astype(float)})

    ((_, changed),) = WAYS["noise"].make(subject(rows))

    moved = (changed["x"] - rows["x"]).abs()
    assert changed["x"].is_in(rows["x"].implode()).all()
    assert 0 < moved.max() <= WIDTH * 1_000 / 2 + 1
    assert moved.mean() > WIDTH * 1_000 / 8


def test_noise_leaves_what_is_missing_and_most_of_what_fills_a_column() -> None:
    rows = table()

    ((_, changed),) = WAYS["noise"].make(subject(rows))

    assert (changed["whole"].is_null() == rows["whole"].is_null()).all()
    assert changed["float"].is_nan().to_list() == rows["float"].is_nan().to_list()
    zeros = rows["mostly nothing"] == 0
    assert (changed["mostly nothing"].filter(zeros) == 0).mean() > 0.9


def test_a_swapped_category_is_always_another_one() -> None:
    rows = table()

    found = dict(WAYS["swap"].make(subject(rows)))

    assert set(found) == {"text", "flag"}
    for column, changed in found.items():
        assert changed[column].ne_missing(rows[column]).all()
        assert set(changed[column].unique()) == set(rows[column].unique())


def test_far_values_lie_outside_all_that_the_column_held() -> None:
    rows = table().select("mostly nothing")

    far = [changed["mostly nothing"] for _, changed in WAYS["range"].make(subject(rows))]

    low, high = rows["mostly nothing"].min(), rows["mostly nothing"].max()
    assert (far[0] < low).all()
    assert (far[1] > high).all()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_noticed_is_what_breaks_a_promise_of_the_contract(way: str) -> None:
    rows = table()
    contract = Contract(
        (
            FeatureContract("float", Kind.FLOAT, False, -1.0, 1.0, None),
            FeatureContract("whole", Kind.INTEGER, True, 3, 40, None),
            FeatureContract("mostly nothing", Kind.FLOAT, True, None, None, (0.0,)),
            FeatureContract("text", Kind.STRING, False, None, None, ("a", "b")),
            FeatureContract("flag", Kind.BOOLEAN, False, None, None, None),
            FeatureContract("day", Kind.DATE, False, None, None, None),
            FeatureContract("elsewhere", Kind.FLOAT, False, None, None, None),
        ),
        (),
    )

    for _, changed in WAYS[way].make(subject(rows)):
        cells = changed.with_columns(pl.col("float").fill_nan(None))
        expected = [
            any(
                breach_of(each, row[each.name]) is not None
                for each in contract.features
                if each.name in row and each.kind is not Kind.DATE
            )
            or row["day"] is None
            for row in cells.iter_rows(named=True)
        ]
        assert noticed(contract, changed).tolist() == expected


def test_every_way_is_told_and_every_one_that_is_told_can_be_made() -> None:
    assert tuple(WAYS) == TOLD
