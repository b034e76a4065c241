"""A budget turned into work; no real clock decides here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.errors import UsageError
from mlwright.core.records import dump, load
from mlwright.core.seam import ReplaySeam
from mlwright.data.records import Split
from mlwright.data.table import Table
from mlwright.train.plan import (
    THOROUGH_FROM,
    _Cost,
    _Costs,
    _Depth,
    _Line,
    _take,
    _ways,
    _Work,
    probe,
)
from mlwright.train.portfolio import DUMMY, LINEAR, PORTFOLIO, portfolio_for, with_trees
from mlwright.train.records import Plan, Task
from mlwright.train.settings import SearchSettings
from mlwright.train.task import infer_task

Tables = Callable[[Mapping[str, Sequence[object]]], Table]

FEW = ("linear", "lightgbm")
"""Algorithms enough where it does not matter which are measured."""

HASH = Split("hash", 0, None, None, None, None, {}, "")
NESTED = replace(HASH, method="nested")

seconds = st.floats(0.0, 0.01)
lines = st.builds(_Line, seconds, st.floats(0.0, 1e-4))
algorithms = ("lightgbm", "linear", "xgboost", "extra_trees")
costs = st.builds(
    _Costs,
    algorithms=st.fixed_dictionaries(
        {name: st.builds(_Cost, fit=lines, tree=lines) for name in algorithms}
    ),
    prepare=st.floats(0.0, 1e-4),
)
sizes = st.integers(10, 5_000_000)
budgets = st.floats(0.0, 1e5)
methods = st.sampled_from(["hash", "time", "nested"])
offers = st.sampled_from(
    [
        portfolio_for(models, categories=categories, thorough=thorough)
        for thorough in (True, False)
        for models in (("auto",), ("linear",), ("lightgbm",), ("dummy",), ("linear", "lightgbm"))
        for categories in (True, False)
    ]
)


def planned(
    table: Table, split: Split, *, tick: float = 1e-3, drop: Sequence[str] = (), **wanted: object
) -> Plan:
    task = infer_task(table.frame, "y", None, None)
    seam = ReplaySeam(step=timedelta(seconds=tick))
    return probe(
        table,
        task,
        split,
        SearchSettings(**wanted),  # type: ignore[arg-type]
        drop,
        machine="test",
        seam=seam,
    )


def shape(way: _Work) -> tuple[object, ...]:
    return (way.configurations, way.rows, way.folds, way.outer_folds, way.repeats)


def ways_of(
    offered: object, rows: int, cost: _Costs, method: str, *, thorough: bool
) -> list[_Work]:
    return list(_ways(offered, rows, cost, method, thorough=thorough))  # type: ignore[arg-type]


@settings(max_examples=25)
@given(offers, sizes, costs, budgets, methods, st.booleans())
def test_the_budget_is_kept_where_any_way_keeps_it(
    offered: tuple[object, ...],
    rows: int,
    cost: _Costs,
    budget: float,
    method: str,
    thorough: bool,
) -> None:
    ways = ways_of(offered, rows, cost, method, thorough=thorough)

    chosen = _take(ways, budget)

    cheapest = min(way.seconds for way in ways)
    assert chosen.seconds <= max(budget, cheapest)
    within = [way for way in ways if way.seconds <= budget]
    assert all(way.worth <= chosen.worth for way in within)


@settings(max_examples=25)
@given(offers, sizes, costs, budgets, budgets, methods, st.booleans())
def test_more_budget_never_gives_a_less_worthy_plan(
    offered: tuple[object, ...],
    rows: int,
    cost: _Costs,
    one: float,
    other: float,
    method: str,
    thorough: bool,
) -> None:
    ways = ways_of(offered, rows, cost, method, thorough=thorough)

    less, more = (_take(ways, budget) for budget in sorted((one, other)))

    assert less.worth <= more.worth


@settings(max_examples=25)
@given(sizes, costs, methods, st.booleans())
def test_every_way_is_sound_and_work_left_out_never_takes_longer(
    rows: int, cost: _Costs, method: str, thorough: bool
) -> None:
    offered = portfolio_for(("auto",), categories=True, thorough=thorough)

    ways = ways_of(offered, rows, cost, method, thorough=thorough)

    whole = max(ways, key=lambda way: way.worth)
    assert whole.rows == rows
    assert [c.name for c in whole.configurations] == [c.name for c in offered]
    for way in ways:
        assert 0 < way.rows <= rows
        assert way.configurations[:2] == (DUMMY, LINEAR)
        assert math.isfinite(way.worth)
        assert math.isfinite(way.seconds)
        assert thorough or 0 <= way.seconds <= whole.seconds * (1 + 1e-9)
        assert thorough or way.depth == _Depth(0, 0, 1, 1)
        assert (way.outer_folds >= 2) == (way.repeats >= 1) == (method == "nested")
        assert way.folds != 1
        if method == "nested":
            assert way.folds >= 2
        if method == "time" or (method == "hash" and rows > (150_000 if thorough else 20_000)):
            assert way.folds == 0


def test_equal_worth_takes_the_faster_way() -> None:
    slow, fast = (
        _Work((DUMMY,), 10, 0, 0, 0, _Depth(0, 0, 1, 1), each, 1.0) for each in (2.0, 1.0)
    )

    assert _take([slow, fast], 5.0) is fast
    assert _take([slow, fast], 0.5) is fast


@given(st.sampled_from([each for each in PORTFOLIO if each.algorithm == "lightgbm"]))
def test_fewer_trees_learn_faster_each(configuration: object) -> None:
    whole = with_trees(configuration, 1.0)  # type: ignore[arg-type]
    half = with_trees(configuration, 0.5)  # type: ignore[arg-type]

    assert whole == configuration
    assert float(half.parameters["trees"]) == float(whole.parameters["trees"]) / 2
    assert float(half.parameters["rate"]) > float(whole.parameters["rate"])


def test_the_same_clock_gives_the_same_plan(bundled: Callable[[str], Table]) -> None:
    table = bundled("wine")

    one, other = (planned(table, NESTED, models=FEW) for _ in range(2))

    assert one == other


@pytest.mark.parametrize("split", [HASH, NESTED])
def test_a_plan_is_a_record_that_comes_back_whole(
    split: Split, bundled: Callable[[str], Table]
) -> None:
    plan = planned(bundled("wine"), split, budget=3.0, seed=5)

    assert load(Plan, dump(plan)) == plan
    assert (plan.seed, plan.budget_seconds, plan.machine) == (5, 3.0, "test")


def test_a_slower_machine_is_given_less_work(bundled: Callable[[str], Table]) -> None:
    table = bundled("wine")

    def work(plan: Plan) -> float:
        trees = sum(float(c.parameters.get("trees", 1)) for c in plan.configurations)
        return trees * plan.folds * plan.outer_folds * plan.repeats

    slow, usual, fast = (
        work(planned(table, NESTED, tick=tick, models=FEW)) for tick in (1.0, 1e-2, 1e-6)
    )

    assert slow <= usual <= fast
    assert slow < fast


@pytest.mark.parametrize("split", [HASH, NESTED])
def test_what_is_foreseen_keeps_the_budget_or_is_the_least_work(
    split: Split, bundled: Callable[[str], Table]
) -> None:
    table = bundled("wine")
    least = planned(table, split, budget=0.0)

    for budget in (5.0, 500.0):
        plan = planned(table, split, budget=budget)
        assert plan.measured["seconds_foreseen"] <= max(budget, least.measured["seconds_foreseen"])
    assert [each.name for each in least.configurations] == ["dummy", "linear", "trees"]


def test_folds_judge_without_a_sealed_part_and_beside_one_where_time_and_budget_allow(
    bundled: Callable[[str], Table],
) -> None:
    table = bundled("wine")
    time = replace(HASH, method="time", time="x0")

    nested, sealed, hurried = (
        planned(table, NESTED, models=FEW),
        planned(table, HASH, budget=1e6, models=FEW),
        planned(table, HASH, budget=0.0, models=FEW),
    )

    assert min(nested.folds, nested.outer_folds) >= 2
    assert nested.repeats >= 1
    assert (sealed.folds, sealed.outer_folds, sealed.repeats) == (5, 0, 0)
    assert (hurried.folds, hurried.outer_folds, hurried.repeats) == (0, 0, 0)
    assert planned(table, time, budget=1e6, models=FEW).folds == 0
    assert nested.rows == sealed.rows == len(table.row_ids)


def test_only_the_algorithms_asked_for_are_planned_beside_the_dummy(
    bundled: Callable[[str], Table],
) -> None:
    table = bundled("wine")

    linear = planned(table, NESTED, models=("linear",), budget=1e6)
    trees = planned(table, NESTED, models=("lightgbm",), budget=1e6)

    assert [c.name for c in linear.configurations][:2] == ["dummy", "linear"]
    assert {c.algorithm for c in linear.configurations} == {"dummy", "linear"}
    assert {c.algorithm for c in trees.configurations} == {"dummy", "lightgbm"}
    assert planned(table, NESTED, models=("dummy",)).configurations == (DUMMY,)


def test_an_unknown_algorithm_is_refused_with_the_nearest(
    bundled: Callable[[str], Table],
) -> None:
    with pytest.raises(UsageError, match="no algorithm 'lightgmb'") as error:
        planned(bundled("wine"), NESTED, models=("lightgmb",))

    assert error.value.code == "models-unknown"
    assert "'lightgbm'" in error.value.fix


def test_treating_categories_otherwise_is_planned_only_where_a_feature_has_them(
    table_of: Tables,
) -> None:
    columns = {
        "a": [float(i % 9) for i in range(60)],
        "colour": [["red", "green", "blue"][i % 3] for i in range(60)],
        "y": [["no", "yes"][i % 2] for i in range(60)],
    }
    numeric = {name: columns[name] for name in ("a", "y")}

    def names(plan: Plan) -> list[str]:
        return [each.name for each in plan.configurations]

    assert "trees-unordered" in names(planned(table_of(columns), HASH, budget=1e6))
    dropped = planned(table_of(columns), HASH, budget=1e6, drop=["colour"])
    assert "trees-unordered" not in names(dropped)
    assert "trees-unordered" not in names(planned(table_of(numeric), HASH, budget=1e6))


def test_a_plan_knows_the_units_and_the_order_of_the_split(table_of: Tables) -> None:
    table = table_of(
        {
            "when": [float(i) for i in range(60)],
            "who": [i % 12 for i in range(60)],
            "y": [i * 0.5 for i in range(60)],
        }
    )

    plan = planned(table, replace(HASH, method="time", unit="who", time="when"))

    assert (plan.unit, plan.time) == ("who", "when")


def test_rows_without_a_target_are_no_work(table_of: Tables) -> None:
    y = [None if i % 4 == 0 else i * 0.5 for i in range(80)]
    table = table_of({"a": [float(i % 9) for i in range(80)], "y": y})

    assert planned(table, HASH).rows == 60


def test_a_table_without_a_feature_can_be_planned(table_of: Tables) -> None:
    table = table_of({"a": [1.0] * 40, "y": [["no", "yes"][i % 2] for i in range(40)]})

    plan = planned(table, NESTED)

    assert plan.configurations[0] == DUMMY
    assert math.isfinite(plan.measured["seconds_foreseen"])


def test_small_tables_train_on_one_thread_and_a_wish_is_kept(
    bundled: Callable[[str], Table],
) -> None:
    table = bundled("wine")

    assert planned(table, NESTED, models=FEW).threads == 1
    assert planned(table, NESTED, models=FEW, threads=3).threads == 3


def test_a_task_of_many_classes_can_be_planned_from_few_rows_each(table_of: Tables) -> None:
    table = table_of(
        {"a": [float(i % 7) for i in range(90)], "y": [f"class {i % 30}" for i in range(90)]}
    )
    task: Task = infer_task(table.frame, "y", None, None)

    plan = planned(table, NESTED, budget=1.0)

    assert len(task.classes) == 30
    assert len(plan.configurations) >= 3


def test_from_ten_seconds_on_a_plan_looks_around_and_blends(
    table_of: Tables, bundled: Callable[[str], Table]
) -> None:
    long = table_of(
        {"a": [float(i % 97) for i in range(3_000)], "y": [i * 0.5 for i in range(3_000)]}
    )
    short = bundled("wine")

    hurried = planned(long, HASH, budget=THOROUGH_FROM - 0.1, tick=1e-6)
    thorough = planned(long, HASH, budget=3_600.0, tick=1e-6)
    few_rows = planned(short, HASH, budget=3_600.0, tick=1e-6)
    alone = planned(long, HASH, budget=3_600.0, tick=1e-6, members=1)

    assert (hurried.looks, hurried.mutations, hurried.members, hurried.fits) == ((), 0, 1, 1)
    assert {"xgboost", "extra_trees"} <= {each.algorithm for each in thorough.configurations}
    assert thorough.members == 5
    assert thorough.mutations > 0
    assert thorough.looks[0].rows < thorough.rows
    assert few_rows.looks == ()
    assert few_rows.mutations > 0
    assert alone.members == 1
    assert load(Plan, dump(thorough)) == thorough
