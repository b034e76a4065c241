from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

from mlwright.core.records import dump
from mlwright.data.table import Table
from mlwright.evaluate.judge import judge
from mlwright.evaluate.nested import nested
from mlwright.evaluate.records import Evaluation, FitVerdict
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.records import Configuration, Plan
from mlwright.train.task import infer_task

TREES = replace(
    PORTFOLIO[2], parameters={**PORTFOLIO[2].parameters, "trees": 12, "smallest_leaf": 3}
)
PLAN = Plan((DUMMY, LINEAR, TREES), 10_000, 2, 3, 1, 1, 7, 1.0, "test", {})


class Heard:
    """A progress that remembers what it heard."""

    def __init__(self) -> None:
        self.total = self.done = self.ended = 0

    def start(self, total: int, text: str) -> None:
        self.total = total

    def advance(self, text: str) -> None:
        self.done += 1

    def finish(self) -> None:
        self.ended += 1


def table_of(**columns: object) -> Table:
    frame = pl.DataFrame(columns)
    return Table(frame, pl.Series([f"r{index:04}" for index in range(frame.height)]))


def diagnosed() -> Table:
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return table_of(a=X[:, 0], b=X[:, 1], c=X[:, 4], y=y)


def judged(
    table: Table,
    *,
    only: tuple[Configuration, ...] = PLAN.configurations,
    unit: str | None = None,
    drop: tuple[str, ...] = (),
    time: str | None = None,
    **plan: int,
) -> Evaluation:
    work = replace(PLAN, configurations=only, unit=unit, time=time, **plan)
    task = infer_task(table.frame, "y", None, None)
    unseen = nested(table, task, work, drop, interpretable_within=0.0, unit=unit)
    return judge(table, task, unseen, {}, seed=work.seed, unit=unit)


def test_a_table_that_tells_its_target_is_judged_well_on_every_row() -> None:
    found = judged(diagnosed(), repeats=2)

    assert found.method == "nested cross-validation"
    assert found.rows == 569
    assert found.metrics["auc"].low > 0.95
    assert found.gain.low > 0.4
    assert found.left_out == {}
    assert "chosen in 6 outer folds: " in found.fit.why


def test_judging_twice_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (judged(diagnosed(), only=(DUMMY, LINEAR), seed=s) for s in (1, 1, 2))

    assert dump(first) == dump(again)
    assert first.metrics != other.metrics


def test_noise_is_not_judged_better_than_the_dummy_however_much_is_searched() -> None:
    generator = np.random.default_rng(0)
    noise = {f"x{index}": generator.normal(size=150) for index in range(20)}
    many = [replace(TREES, name=f"trees {seed}") for seed in range(3)]

    found = judged(table_of(**noise, y=generator.integers(0, 2, 150)), only=(LINEAR, *many))

    auc = found.metrics["auc"]
    assert auc.low < 0.5
    assert found.fit.train > 0.65
    assert found.fit.verdict is not FitVerdict.GOOD


def test_the_dummy_ranks_nothing_though_every_fold_has_its_own_prior() -> None:
    found = judged(diagnosed(), only=(DUMMY, LINEAR), outer_folds=4)

    assert found.baselines["dummy"]["auc"].value == 0.5


def test_what_is_learned_by_heart_of_a_household_counts_only_where_households_are_split() -> None:
    generator = np.random.default_rng(1)
    house = np.repeat(np.arange(60), 5)
    table = table_of(house=house, x=house, y=generator.integers(0, 2, 60)[house])
    trees = (replace(TREES, parameters={**TREES.parameters, "trees": 60}),)

    apart = judged(table, only=trees, unit="house", drop=("house",))
    mixed = judged(table, only=trees, drop=("house",))

    assert mixed.metrics["auc"].value > 0.85
    assert apart.metrics["auc"].value < 0.7


def test_a_value_is_judged_with_the_folds_pooled() -> None:
    X, y = datasets.load_diabetes(return_X_y=True)

    found = judged(table_of(bmi=X[:, 2], bp=X[:, 3], y=y), only=(DUMMY, LINEAR))

    assert found.metric == "rmse"
    assert found.gain.low > 0
    assert found.metrics["r2"].value == pytest.approx(0.4, abs=0.05)


def test_many_classes_are_judged_and_the_only_row_of_one_is_said_to_be_left_out() -> None:
    X, y = datasets.load_wine(return_X_y=True)
    names = np.array(["one", "two", "three", "alone"])[y]
    names[0] = "alone"

    found = judged(table_of(a=X[:, 0], b=X[:, 6], y=names), only=(DUMMY, LINEAR))

    assert found.rows == 177
    assert found.left_out == {"no other has its class": 1}
    assert found.metrics["auc_macro"].value > 0.9


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    frame = diagnosed().frame.with_columns(
        y=pl.when(pl.int_range(pl.len()) < 9).then(None).otherwise(pl.col("y"))
    )

    found = judged(Table(frame, diagnosed().row_ids), only=(DUMMY, LINEAR))

    assert found.rows == 560
    assert found.left_out == {"y is missing": 9}


def test_rows_in_time_are_judged_by_what_came_before_them() -> None:
    day = np.arange(240)
    generator = np.random.default_rng(2)
    x = generator.normal(size=240)
    table = table_of(day=day, x=x, y=(x + generator.normal(size=240) > 0).astype(int))

    found = judged(table, only=(DUMMY, LINEAR), time="day", repeats=3)

    assert found.rows == 180
    assert found.left_out == {"nothing came before it to learn from": 60}
    assert found.metrics["auc"].value > 0.7


def test_a_handful_of_rows_is_too_little_data_and_no_error() -> None:
    generator = np.random.default_rng(3)
    table = table_of(x=generator.normal(size=10), y=np.arange(10) % 2)

    found = judged(table, only=(DUMMY, LINEAR), outer_folds=5)

    assert found.rows == 10
    assert found.fit.verdict is FitVerdict.TOO_LITTLE_DATA


def test_progress_hears_of_every_outer_fold() -> None:
    heard = Heard()
    task = infer_task(diagnosed().frame, "y", None, None)
    plan = replace(PLAN, configurations=(DUMMY, LINEAR), repeats=2)

    nested(diagnosed(), task, plan, (), interpretable_within=0.0, progress=heard)

    assert (heard.total, heard.done, heard.ended) == (6, 6, 1)
