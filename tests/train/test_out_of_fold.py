"""A row is answered by models that were fitted without it, and without its like."""

from __future__ import annotations

import numpy as np
import polars as pl
from tests.train.conftest import few_trees, named

from mlwright.data.table import Table
from mlwright.train.out_of_fold import out_of_fold
from mlwright.train.portfolio import PORTFOLIO
from mlwright.train.records import Plan
from mlwright.train.task import infer_task

(TREES,) = (few_trees(each) for each in PORTFOLIO if each.name == "trees-tiny-leaves")
PLAN = Plan((TREES,), 10_000, 5, 0, 0, 1, 0, 1.0, "here", {})


def noise(rows: int = 600) -> pl.DataFrame:
    """Return rows whose target nothing foretells, but that can be learnt by heart."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=rows)
    return pl.DataFrame({"x": x, "y": generator.integers(0, 2, rows)})


def answers_of(table: Table) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    task = infer_task(table.frame, "y", None, None)
    return out_of_fold(table, TREES, task, PLAN, (), folds=5)


def test_what_can_only_be_learnt_by_heart_is_not_known() -> None:
    frame = noise()

    answers = answers_of(named(frame))

    right = (answers.argmax(axis=1) == frame["y"].to_numpy()).mean()
    assert 0.4 < right < 0.6


def test_equal_rows_answer_for_each_other_nowhere() -> None:
    frame = pl.concat([noise(300), noise(300)])
    ids = [f"{place:032x}" for place in range(300)]
    table = Table(frame, pl.Series("row_id", [*ids, *(f"{each}-1" for each in ids)]))

    answers = answers_of(table)

    right = (answers.argmax(axis=1) == frame["y"].to_numpy()).mean()
    assert 0.4 < right < 0.6
    np.testing.assert_array_equal(answers[:300], answers[300:])


def test_a_row_without_a_label_gets_the_mean_of_all_models() -> None:
    frame = noise().with_columns(pl.col("y").cast(pl.String))
    unlabelled = frame.with_columns(y=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise("y"))

    answers = answers_of(named(unlabelled))

    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1.0)


def test_the_only_row_of_a_class_is_judged_by_nobody() -> None:
    frame = noise().with_columns(pl.col("y").cast(pl.String))
    lone = frame.with_columns(
        y=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("z")).otherwise("y")
    )

    answers = answers_of(named(lone))

    assert np.isnan(answers[7]).all()
    assert np.isfinite(np.delete(answers, 7, axis=0)).all()
