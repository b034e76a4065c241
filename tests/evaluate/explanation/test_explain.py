"""What a model goes by: known columns are found, what tells nothing is worth nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from mlwright.core.records import dump, load
from mlwright.data.records import Contract
from mlwright.data.table import Table
from mlwright.evaluate.explanation.explain import amount_of, explain
from mlwright.evaluate.explanation.records import Dependence, Explanation
from mlwright.evaluate.truth import judgeable
from mlwright.scoring.package import package
from mlwright.store.memory import MemoryStore
from mlwright.train.fit import fit
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO
from mlwright.train.records import Configuration, Plan
from mlwright.train.task import infer_task

ROWS = 1_200
TREES = next(each for each in PORTFOLIO if each.algorithm == "lightgbm")
OTHERS = ("xgboost", "hist", "extra_trees", "additive")
CONFIGURATIONS = {
    "lightgbm": replace(TREES, parameters={**TREES.parameters, "trees": 40}),
    **{name: Configuration(name, name, {"trees": 40}) for name in OTHERS},
    "linear": LINEAR,
    "dummy": DUMMY,
}
TARGETS = ("left", "paid", "grade")


def rows() -> pl.DataFrame:
    """Return a table in which months and plan decide, and noise and one value do not."""
    drawn = np.random.default_rng(3)
    months = drawn.integers(1, 60, ROWS)
    plan = drawn.choice(["month", "year"], ROWS)
    pull = 2.0 - 0.08 * months + 1.2 * (plan == "month") + drawn.normal(size=ROWS)
    return pl.DataFrame(
        {
            "months": [None if place % 40 == 0 else int(m) for place, m in enumerate(months)],
            "plan": plan,
            "noise": drawn.normal(size=ROWS),
            "left": np.where(pull > 0.8, "yes", "no"),
            "paid": 100 * pull,
            "grade": np.array(["a", "b", "c"])[np.digitize(pull, [-0.5, 1.5])],
        }
    )


@cache
def explained(target: str, algorithm: str, seconds: float = 1.0) -> Explanation:
    frame = rows().drop(name for name in TARGETS if name != target)
    table = Table(frame, pl.Series([f"r{place}" for place in range(ROWS)]))
    task = infer_task(frame, target, None, None)
    plan = Plan((), 0, 0, 0, 0, 1, 7, 1.0, "test", {})
    configuration: Configuration = CONFIGURATIONS[algorithm]
    store = MemoryStore()
    seen = Table(frame[400:], table.row_ids[400:])
    made = package(fit(seen, configuration, task, plan, ()), Contract((), ()), seen, store)
    test = judgeable(Table(frame[:400], table.row_ids[:400]), task)
    return explain(made, store, test, seen, method="test rows", seconds=seconds, unit=None, seed=1)


def along(found: Explanation, column: str) -> Dependence:
    return next(each for each in found.dependences if each.column == column)


@pytest.mark.parametrize("algorithm", ["lightgbm", "linear", *OTHERS])
@pytest.mark.parametrize("target", TARGETS)
def test_what_decides_is_found_and_noise_is_worth_next_to_nothing(
    target: str, algorithm: str
) -> None:
    found = explained(target, algorithm)

    of = {each.column: each for each in found.importances}
    assert [each.column for each in found.importances][:2] == ["months", "plan"]
    assert of["months"].loss.low > of["noise"].loss.high
    assert of["plan"].loss.low > 0
    assert of["noise"].share < of["months"].share
    assert sum(each.share for each in found.importances) == pytest.approx(1.0)
    assert found.importances == tuple(sorted(found.importances, key=lambda each: -each.loss.value))


@pytest.mark.parametrize("algorithm", ["lightgbm", "linear"])
def test_the_answers_fall_along_what_speaks_against_and_every_seen_row_is_counted(
    algorithm: str,
) -> None:
    found = explained("left", algorithm)

    months = along(found, "months")
    known = [level for level in months.levels if level.value is not None]
    assert months.ordered
    assert months.output == "yes"
    assert known[0].answer.low > known[-1].answer.high
    assert sum(level.rows for level in months.levels) == found.supported == 800
    assert [level.rows for level in months.levels if level.value is None] == [20]
    plan = along(found, "plan")
    assert not plan.ordered
    answers = {level.value: level.answer.value for level in plan.levels}
    assert answers["month"] > answers["year"]


def test_a_model_that_ignores_its_rows_goes_by_nothing() -> None:
    found = explained("left", "dummy")

    assert all(each.contribution == 0 and each.share == 0 for each in found.importances)
    assert found.dependences == ()


def test_the_same_rows_and_work_give_the_same_bytes_and_the_record_is_kept() -> None:
    first = explained("grade", "lightgbm")
    explained.cache_clear()

    assert dump(explained("grade", "lightgbm")) == dump(first)
    assert load(Explanation, dump(first)) == first


def test_too_little_work_explains_nothing_and_says_so() -> None:
    found = explained("left", "lightgbm", 0.001)

    assert found.importances == ()
    assert "too little" in str(found.left_out)


@pytest.mark.parametrize("columns", [1, 19, 784])
@pytest.mark.parametrize("size", [2_000, 1_400_000, 20_000_000])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 20.0])
def test_no_more_is_looked_at_than_the_work_allows(seconds: float, size: int, columns: int) -> None:
    amount = amount_of(seconds, size, columns, 50_000)
    if amount is None:
        return
    answer, apart = 12e-6 + 2.2e-11 * size, 40e-6 + 1.8e-9 * size
    shuffled = answer * amount.rows * (1 + amount.columns * amount.repeats)
    drawn = answer * amount.background * amount.drawn * 12

    assert shuffled + apart * amount.apart + drawn <= 1.15 * seconds + apart
