"""Which configurations are worth their bytes and their time, and what a smaller one gives up."""

from __future__ import annotations

import pytest

from mlwright.govern.pareto import front, smaller, told
from mlwright.train.records import Configuration, Scored, SearchResult


def scored(name: str, score: float, size: float | None, micros: float = 10.0) -> Scored:
    algorithm = {"dummy": "dummy", "linear": "linear"}.get(name, "lightgbm")
    return Scored(Configuration(name, algorithm, {}), score, score, {}, size, micros * 1e-6)


DUMMY = scored("dummy", 0.5, 80, 0.1)
LINEAR = scored("linear", 0.80, 2_000, 1.0)
SMALL = scored("small", 0.84, 100_000)
WORSE = scored("worse", 0.83, 900_000)
BEST = scored("best", 0.85, 1_000_000, 40.0)


def result(*each: Scored, chosen: str = "best", metric: str = "auc") -> SearchResult:
    named = next(one.configuration for one in each if one.configuration.name == chosen)
    return SearchResult(metric, each, named, "linear", 0.05, ())


def test_what_another_beats_in_everything_is_not_worth_having() -> None:
    assert front((DUMMY, LINEAR, SMALL, WORSE, BEST), "auc") == ("dummy", "linear", "small", "best")


def test_where_less_is_better_the_least_loss_is_worth_having() -> None:
    few, many = scored("few", 3.0, 100), scored("many", 2.0, 1_000)

    assert front((few, many, scored("worse", 3.5, 500)), "rmse") == ("few", "many")


def test_equals_are_both_worth_having() -> None:
    assert front((scored("a", 0.8, 10), scored("b", 0.8, 10)), "auc") == ("a", "b")


def test_a_smaller_one_is_the_best_of_half_the_bytes_and_its_price_is_told() -> None:
    found = smaller(result(DUMMY, LINEAR, SMALL, WORSE, BEST))

    assert found is not None
    other, price = found
    assert other is SMALL
    assert price == pytest.approx(0.01)
    assert smaller(result(DUMMY, BEST)) is None


def test_the_table_holds_every_configuration_the_best_first_and_names_the_choice() -> None:
    words = told(result(DUMMY, LINEAR, SMALL, WORSE, BEST))

    assert words is not None
    rows = words.figures[0].rows
    assert [row[0] for row in rows] == ["best", "small", "worse", "linear", "dummy"]
    assert rows[0][1] == "chosen, worth having"
    assert rows[2][1] == ""
    assert rows[3][1] == "interpretable, worth having"
    assert "small with 100 kB gives 0.01 less" in words.summary
    assert "linear, the interpretable one, would cost 0.05 of auc" in words.summary
    assert words.chart.count("<circle") == 4  # all but the dummy


def test_of_runs_before_bytes_were_foreseen_nothing_is_told() -> None:
    assert told(result(scored("best", 0.85, None))) is None
