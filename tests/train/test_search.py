"""Carrying out a plan: every configuration scored unseen, one chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.core.errors import DataError
from mlwright.core.records import dump, load
from mlwright.data.table import Table
from mlwright.stats.metrics import METRICS
from mlwright.train.choice import price_of
from mlwright.train.fit import answers, fit
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Silent
from mlwright.train.records import Configuration, Plan, Scored, SearchResult, Task, TaskKind
from mlwright.train.rounds import rounds_of
from mlwright.train.search import search
from mlwright.train.target import rows_of, target_values
from mlwright.train.task import infer_task

Tables = Callable[[Mapping[str, Sequence[object]]], Table]


def searched(
    table: Table,
    plan: Plan,
    *,
    validation: Table | None = None,
    within: float = 0.0,
    metric: str | None = None,
    task: Task | None = None,
    drop: Sequence[str] = (),
) -> SearchResult:
    return search(
        table,
        validation,
        task or infer_task(table.frame, "y", None, metric),
        plan,
        drop,
        interpretable_within=within,
        progress=Silent(),
    )


def scores(result: SearchResult) -> dict[str, float]:
    return {each.configuration.name: each.validation for each in result.scored}


def halves(table: Table) -> tuple[Table, Table]:
    places = np.arange(len(table.row_ids), dtype=np.intp)
    return rows_of(table, places[places % 3 > 0]), rows_of(table, places[places % 3 == 0])


@pytest.fixture(scope="module")
def folded_over(table_of: Tables) -> Callable[[str], Table]:
    """Return tables whose target only trees can tell: how far from zero a number is."""
    drawn = np.random.default_rng(2)
    a, b = drawn.normal(size=(2, 500))
    same = (np.abs(a) > 0.7).astype(float)
    columns = {"a": a.tolist(), "b": b.tolist()}
    targets = {"binary": same.astype(int), "regression": same + 0.1 * drawn.normal(size=500)}
    return lambda kind: table_of({**columns, "y": targets[kind].tolist()})


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "wine"])
@pytest.mark.parametrize("folds", [0, 3])
def test_the_same_plan_on_the_same_rows_gives_the_same_result_and_the_same_bytes(
    name: str, folds: int, bundled: Callable[[str], Table], plan: Plan
) -> None:
    train, validation = halves(bundled(name))
    task = infer_task(bundled(name).frame, "y", None, None)
    asked = replace(plan, folds=folds)
    held = None if folds else validation

    one = searched(train, asked, validation=held, task=task)
    other = searched(train, asked, validation=held, task=task)

    assert one == other
    assert load(SearchResult, dump(one)) == one
    fitted = [fit(train, each.chosen, task, asked, ()).content for each in (one, other)]
    assert fitted[0] == fitted[1]


def test_another_number_of_threads_changes_no_score(
    bundled: Callable[[str], Table], plan: Plan, quick: tuple[Configuration, ...]
) -> None:
    table = bundled("breast_cancer")
    asked = replace(plan, configurations=quick, folds=2)

    one, two = (searched(table, replace(asked, threads=threads)) for threads in (1, 2))

    assert one == two


def test_real_tables_with_text_and_gaps_are_searched(
    dataset: Callable[[str], Path], plan: Plan
) -> None:
    frame = pl.read_csv(dataset("german"))
    table = Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))
    target = frame.columns[-1]
    task = infer_task(frame, target, None, None)

    result = searched(table, plan, task=task)

    assert max(scores(result).values()) > 0.72
    assert scores(result)["dummy"] == 0.5


def test_learning_beats_the_dummy_on_rows_not_trained_on(
    bundled: Callable[[str], Table], plan: Plan
) -> None:
    auc = scores(searched(bundled("breast_cancer"), plan))
    loss = scores(searched(bundled("wine"), plan))
    error = scores(searched(bundled("diabetes"), plan))

    assert min(auc["linear"], auc["trees"]) > 0.98 > auc["dummy"]
    assert max(loss["linear"], loss["trees"]) < 0.5 * loss["dummy"]
    assert max(error["linear"], error["trees"]) < 0.9 * error["dummy"]


@pytest.mark.parametrize(
    ("kind", "metric"), [("binary", "auc"), ("binary", "log_loss"), ("regression", "rmse")]
)
def test_an_interpretable_model_is_chosen_when_its_price_allows(
    kind: str, metric: str, folded_over: Callable[[str], Table], plan: Plan
) -> None:
    table = folded_over(kind)
    result = searched(table, plan, metric=metric)
    found = scores(result)
    price = found["linear"] / found["trees"] - 1
    if METRICS[metric].greater_is_better:
        price = found["trees"] - found["linear"]

    assert price > 0.02
    assert result.chosen.name == "trees"
    assert result.interpretable == "linear"
    assert result.interpretable_price == pytest.approx(price)
    allowed = searched(table, plan, metric=metric, within=result.interpretable_price)
    assert allowed.chosen.name == "linear"
    refused = searched(table, plan, metric=metric, within=result.interpretable_price * 0.999)
    assert refused.chosen.name == "trees"


def test_where_the_interpretable_model_is_the_best_it_costs_nothing(
    bundled: Callable[[str], Table], plan: Plan
) -> None:
    result = searched(bundled("diabetes"), plan)

    assert (result.chosen.name, result.interpretable_price) == ("linear", 0.0)


@pytest.mark.parametrize(
    ("metric", "best", "other", "price"),
    [
        ("auc", 0.9, 0.85, 0.05),
        ("r2", -0.1, -0.3, 0.2),
        ("rmse", 2.0, 3.0, 0.5),
        ("mae", 0.0, 0.0, 0.0),
        ("mae", 0.0, 0.1, math.inf),
        ("auc", 0.9, math.nan, math.inf),
        ("rmse", 1.0, math.inf, math.inf),
        ("rmse", math.nan, math.nan, math.inf),
    ],
)
def test_a_price_is_a_difference_or_the_share_a_loss_grows_by(
    metric: str, best: float, other: float, price: float
) -> None:
    task = Task(TaskKind.REGRESSION, "y", (), metric, "")
    pair = [Scored(DUMMY, value, value, {}) for value in (best, other)]

    assert price_of(pair[0], pair[1], task) == pytest.approx(price)


def test_without_interpretable_models_the_best_is_chosen(
    folded_over: Callable[[str], Table], plan: Plan
) -> None:
    trees = replace(plan, configurations=(plan.configurations[0], plan.configurations[2]))

    result = searched(folded_over("binary"), trees, within=1.0)

    assert (result.chosen.name, result.interpretable) == ("trees", "dummy")


def test_rows_without_a_target_are_counted_and_change_nothing_else(
    bundled: Callable[[str], Table], plan: Plan
) -> None:
    table = bundled("breast_cancer")
    train, validation = halves(table)
    task = infer_task(table.frame, "y", None, None)
    empty = pl.col("y") - pl.lit(None, dtype=pl.Int64)
    more = [
        Table(
            pl.concat([each.frame, each.frame.head(extra).with_columns(y=empty)]),
            pl.concat([each.row_ids, pl.Series([f"new {i}" for i in range(extra)])]),
        )
        for each, extra in ((train, 7), (validation, 5))
    ]
    asked = replace(plan, folds=0)

    known = searched(train, asked, validation=validation, task=task)
    found = searched(more[0], asked, validation=more[1], task=task)

    assert (known.unlabelled, found.unlabelled) == (0, 12)
    assert found.scored == known.scored
    assert any(each.what == "12 rows left out" for each in found.decisions)
    folded = searched(more[0], replace(plan, folds=2), task=task)
    assert folded.unlabelled == 7


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_part_without_any_target_is_refused(
    part: str, bundled: Callable[[str], Table], plan: Plan
) -> None:
    known = bundled("wine")
    task = infer_task(known.frame, "y", None, None)
    empty = Table(known.frame.with_columns(y=pl.lit(None, dtype=pl.Int64)), known.row_ids)
    train, validation = (empty, known) if part == "train" else (known, empty)

    with pytest.raises(DataError, match="none of the 178 rows") as error:
        searched(train, replace(plan, folds=0), validation=validation, task=task)

    assert error.value.code == "part-unlabelled"


@pytest.mark.parametrize("folds", [0, 3])
def test_a_cap_on_rows_draws_them_evenly_from_the_whole_table(
    folds: int, bundled: Callable[[str], Table], plan: Plan
) -> None:
    train, validation = halves(bundled("diabetes"))
    count = len(train.row_ids)
    every_second = rows_of(train, np.arange(0, count - count % 2, 2, dtype=np.intp))
    held = None if folds else validation
    asked = replace(plan, folds=folds)

    capped = searched(train, replace(asked, rows=count // 2), validation=held)
    by_hand = searched(every_second, asked, validation=held)

    assert capped.scored == by_hand.scored
    assert capped.scored != searched(train, asked, validation=held).scored


@pytest.mark.parametrize("folds", [0, 2])
@pytest.mark.parametrize("target", ["binary", "regression"])
def test_without_a_usable_feature_the_dummy_is_chosen_and_fitted(
    target: str, folds: int, table_of: Tables, plan: Plan
) -> None:
    y: list[object] = [i % 3 * 0.5 for i in range(60)]
    if target == "binary":
        y = [("no", "yes")[i % 3 == 0] for i in range(60)]
    table = table_of({"same": [1.0] * 60, "name": [f"n{i}" for i in range(60)], "y": y})
    train, validation = halves(table) if not folds else (table, None)
    task = infer_task(table.frame, "y", None, None)

    result = searched(
        train, replace(plan, folds=folds), validation=validation, within=0.01, task=task
    )
    fitted = fit(table, plan.configurations[2], task, plan, ())

    assert result.chosen.name == "dummy"
    assert len(set(scores(result).values())) == 1
    assert fitted.configuration == DUMMY
    assert len(np.unique(answers(fitted, table.frame), axis=0)) == 1


def test_in_time_every_score_is_of_rows_after_those_fitted_on(
    bundled: Callable[[str], Table], plan: Plan
) -> None:
    table = bundled("diabetes")
    when = pl.Series(range(len(table.row_ids)), dtype=pl.Int64)
    table = Table(table.frame.with_columns(when=when), table.row_ids)
    task = infer_task(table.frame, "y", None, None)
    asked = replace(plan, time="when")
    rounds = rounds_of(table, task, asked.folds, seed=asked.seed, unit=None, time="when")

    result = searched(table, asked, task=task)

    by_hand = []
    for fitting, judging in rounds:
        assert table.frame["when"][fitting].max() < table.frame["when"][judging].min()  # type: ignore[operator]
        model = fit(rows_of(table, fitting), plan.configurations[1], task, asked, ())
        held = rows_of(table, judging).frame
        metric = METRICS[task.metric].function
        by_hand.append(metric(target_values(held, task), answers(model, held)))
    assert len(rounds) == 3
    assert scores(result)["linear"] == pytest.approx(np.mean(by_hand), rel=1e-12)


@pytest.mark.parametrize("unseen", ["0 first", "zebra"])
def test_a_class_only_the_validation_rows_have_is_judged_by_and_finite(
    unseen: str, table_of: Tables, plan: Plan, quick: tuple[Configuration, ...]
) -> None:
    y = [("no", "yes", "perhaps")[i % 9 // 3] for i in range(120)]
    columns = {"a": [float(i % 9) for i in range(120)]}
    train = table_of({**columns, "y": y})
    validation = table_of({**columns, "y": [unseen, *y[1:]]})
    task = infer_task(pl.concat([train.frame, validation.frame]), "y", None, None)

    result = searched(
        train, replace(plan, configurations=quick, folds=0), validation=validation, task=task
    )

    assert unseen in task.classes
    assert all(0 < loss < math.inf for loss in scores(result).values())


def test_where_nothing_can_be_judged_the_dummy_is_chosen(table_of: Tables, plan: Plan) -> None:
    columns = {"a": [float(i) for i in range(40)], "who": [1] * 40}
    table = table_of({**columns, "y": [("no", "yes")[i % 2] for i in range(40)]})

    result = searched(table, replace(plan, unit="who"), within=1.0)

    assert result.chosen == DUMMY
    assert all(math.isnan(each.validation) for each in result.scored)
    assert load(SearchResult, dump(result)).chosen == result.chosen


def test_the_chosen_configuration_holds_the_trees_found_and_says_why(
    folded_over: Callable[[str], Table], plan: Plan
) -> None:
    table = folded_over("regression")

    def with_trees(count: int) -> tuple[int, str]:
        trees = plan.configurations[2]
        trees = replace(trees, parameters={**trees.parameters, "trees": count, "rate": 0.2})
        result = searched(table, replace(plan, configurations=(DUMMY, trees)))
        said = next(
            each
            for each in result.decisions
            if "more trees" in each.why or "more might" in each.why
        )
        found = int(result.chosen.parameters["trees"])
        assert said.what == f"{found} trees"
        return found, said.why

    few, why_few = with_trees(5)
    many, why_many = with_trees(400)

    assert few == 5
    assert "more might still help" in why_few
    assert 5 < many < 400
    assert "no longer helped" in why_many


def test_columns_that_teach_nothing_are_told_with_the_reason(table_of: Tables, plan: Plan) -> None:
    columns: dict[str, list[object]] = {
        "a": [float(i % 9) for i in range(120)],
        "name": [f"n{i}" for i in range(120)],
        "same": [1.0] * 120,
        "also": ["x"] * 120,
        "asked": [2.0] * 120,
        "y": [("no", "yes")[i % 9 > 4] for i in range(120)],
    }

    result = searched(table_of(columns), plan, drop=["asked"])

    told = {each.what: each.why for each in result.decisions if "left out" in each.what}
    assert told["2 columns left out: 'same', 'also'"] == "one value in every row"
    assert told["1 column left out: 'name'"] == "no text occurs often enough to learn from"
    assert not any("asked" in what for what in told)


def test_dropped_columns_and_the_time_are_no_features(table_of: Tables, plan: Plan) -> None:
    drawn = np.random.default_rng(0).normal(size=90)
    y = [("no", "yes")[int(value > 0)] for value in drawn]
    columns = {"noise": [float(i * 7 % 10) for i in range(90)], "leak": drawn.tolist()}
    table = table_of({**columns, "y": y})

    leaked, dropped = searched(table, plan), searched(table, plan, drop=["leak"])

    assert scores(leaked)["trees"] > 0.95
    assert max(scores(dropped).values()) < 0.75


def test_progress_hears_of_every_configuration(bundled: Callable[[str], Table], plan: Plan) -> None:
    heard: list[str] = []

    class Listener:
        def start(self, total: int, text: str) -> None:
            heard.append(f"start {total}")

        def advance(self, text: str) -> None:
            heard.append(text)

        def finish(self) -> None:
            heard.append("finish")

    table = bundled("wine")
    task = infer_task(table.frame, "y", None, None)
    search(table, None, task, plan, (), interpretable_within=0.0, progress=Listener())

    assert (heard[0], heard[-1], len(heard)) == ("start 3", "finish", 5)
    assert all(text.startswith("best so far ") for text in heard[1:-1])
