from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from mlwright.core.records import dump, load
from mlwright.data.table import Table
from mlwright.evaluate.judge import Scorer, answered
from mlwright.evaluate.judge import judge as judge_answers
from mlwright.evaluate.records import Evaluation, FitVerdict
from mlwright.stats.bootstrap import paired_difference, resamples_for
from mlwright.stats.metrics import METRICS
from mlwright.train.records import Configuration, Scored, SearchResult, Task, TaskKind

TASKS = {
    "binary": Task(TaskKind.BINARY, "y", (0, 1), "auc", ""),
    "multiclass": Task(TaskKind.MULTICLASS, "y", ("a", "b", "c"), "log_loss", ""),
    "regression": Task(TaskKind.REGRESSION, "y", (), "rmse", ""),
}


def searched(metric: str, train: float, validation: float) -> SearchResult:
    chosen = Configuration("trees", "lightgbm", {})
    other = Configuration("dummy", "dummy", {})
    return SearchResult(
        metric,
        (Scored(other, 0.5, 0.5, {}), Scored(chosen, validation, train, {})),
        chosen,
        "linear",
        0.0,
        (),
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores)
    return raised / raised.sum(axis=1, keepdims=True)


def some_rows(kind: str, rows: int = 900) -> Table:
    generator = np.random.default_rng(7)
    x = generator.normal(size=rows)
    noise = generator.normal(size=rows)
    if kind == "regression":
        y: list[object] = (10 + 3 * x + noise).tolist()
    elif kind == "binary":
        y = (x + noise > 0.3).astype(int).tolist()
    else:
        y = np.array(["a", "b", "c"])[np.digitize(x + noise, [-0.5, 0.5])].tolist()
    frame = pl.DataFrame(
        {
            "x": x,
            "sex": generator.choice(["f", "m"], rows),
            "house": generator.integers(0, rows // 4, rows),
            "y": y,
        }
    )
    return Table(frame, pl.Series([f"row {index}" for index in range(rows)]))


def scorers(kind: str) -> Mapping[str, Scorer]:
    def answers(weight: float) -> Scorer:
        def score(frame: pl.DataFrame) -> np.ndarray:
            x = weight * frame["x"].to_numpy()
            if kind == "regression":
                return (10 + 3 * x)[:, None]
            if kind == "binary":
                return softmax(np.c_[-x, x])
            return softmax(np.c_[-2 * x, 0 * x, 2 * x])

        return score

    return {"model": answers(1.0), "linear": answers(0.8), "dummy": answers(0.0)}


def judge(
    rows: Table,
    task: Task,
    by_name: Mapping[str, Scorer],
    search: SearchResult,
    *,
    seed: int,
    **options: object,
) -> Evaluation:
    unseen = answered(rows, task, by_name["model"], search)
    baselines = {name: by_name[name] for name in ("dummy", "linear")}
    return judge_answers(rows, task, unseen, baselines, seed=seed, **options)  # type: ignore[arg-type]


def judged(kind: str, **options: object) -> Evaluation:
    train = 2.0 if kind == "regression" else 0.8
    return judge(
        some_rows(kind),
        TASKS[kind],
        scorers(kind),
        searched(TASKS[kind].metric, train, train),
        seed=3,
        **options,
    )


every_kind = pytest.mark.parametrize("kind", TASKS)


@every_kind
def test_an_evaluation_holds_the_same_metrics_for_the_model_and_its_baselines(kind: str) -> None:
    found = judged(kind)

    assert set(found.baselines) == {"dummy", "linear"}
    assert all(list(metrics) == list(found.metrics) for metrics in found.baselines.values())
    assert found.metric in found.metrics
    assert found.rows == 900
    assert all(each.low <= each.value <= each.high for each in found.metrics.values())


@every_kind
def test_judging_twice_gives_the_same_bytes_and_they_read_back_as_the_record(kind: str) -> None:
    first, second = judged(kind, fairness=["sex"]), judged(kind, fairness=["sex"])

    assert dump(first) == dump(second)
    assert dump(load(Evaluation, dump(first))) == dump(first)


@every_kind
def test_the_gain_is_the_paired_difference_and_positive_for_a_better_model(kind: str) -> None:
    found = judged(kind)
    metric = METRICS[found.metric]
    rows, by_name = some_rows(kind), scorers(kind)
    answers = {name: score(rows.frame) for name, score in by_name.items()}
    y = np.unique(rows.frame["y"].to_numpy(), return_inverse=True)[1].astype(float)
    if kind == "regression":
        y = rows.frame["y"].to_numpy()

    better, worse = ("model", "dummy") if metric.greater_is_better else ("dummy", "model")

    assert found.gain == paired_difference(
        metric, y, answers[better], answers[worse], seed=3, resamples=resamples_for(len(y))
    )
    assert found.gain.low > 0


def test_the_fit_rests_on_the_chosen_configurations_scores() -> None:
    found = judged("binary")

    assert (found.fit.train, found.fit.validation) == (0.8, 0.8)
    assert found.fit.test == found.metrics["auc"].value
    assert found.fit.verdict is FitVerdict.GOOD


def test_fairness_compares_the_groups_of_a_binary_task() -> None:
    found = judged("binary", fairness=["sex", "x"])

    assert set(found.fairness) == {"sex", "x"}
    assert found.fairness["sex"]["tpr_gap"].low == 0
    assert found.fairness["x"]["selection_gap"].low > 0.5
    assert [each.group for each in found.groups["sex"]] == ["f", "m"]


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_a_task_without_a_positive_class_measures_no_gaps(kind: str) -> None:
    assert judged(kind, fairness=["sex"]).fairness == {"sex": {}}


def test_whole_households_are_resampled_where_the_split_kept_them_together() -> None:
    by_row, by_house = judged("binary"), judged("binary", unit="house")

    assert by_row.metrics["auc"].value == by_house.metrics["auc"].value
    assert by_row.metrics["auc"] != by_house.metrics["auc"]


def test_test_rows_of_one_class_give_nan_and_too_little_data_and_no_error() -> None:
    rows = some_rows("binary")
    rows = rows.filter(rows.frame["y"] == 0)

    found = judge(rows, TASKS["binary"], scorers("binary"), searched("auc", 0.8, 0.8), seed=1)

    assert math.isnan(found.metrics["auc"].value)
    assert found.fit.verdict is FitVerdict.TOO_LITTLE_DATA
    assert not math.isnan(found.metrics["accuracy"].low)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_test_rows_are_too_little_data_and_no_error(rows: int) -> None:
    table = some_rows("regression")
    few = Table(table.frame[:rows], table.row_ids[:rows])

    found = judge(
        few, TASKS["regression"], scorers("regression"), searched("rmse", 1.0, 1.0), seed=1
    )

    assert found.rows == rows
    assert rows or found.fit.verdict is FitVerdict.TOO_LITTLE_DATA


def test_rows_without_a_truth_are_said_to_be_left_out() -> None:
    table = some_rows("binary")
    gaps = table.frame.with_columns(
        y=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise(pl.col("y"))
    )

    found = judge(
        Table(gaps, table.row_ids),
        TASKS["binary"],
        scorers("binary"),
        searched("auc", 0.8, 0.8),
        seed=1,
    )

    assert found.rows == 895
    assert found.left_out == {"y is missing": 5}


def test_the_curves_are_those_of_the_model() -> None:
    found = judged("binary").curves

    assert sum(sum(each.counts) for each in found.histogram) == 900
    assert (found.roc[-1].false_positive_rate, found.roc[-1].true_positive_rate) == (1.0, 1.0)
